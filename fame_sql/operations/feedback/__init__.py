"""What people say of incidents, lines and templates, and what follows from it."""

from __future__ import annotations

from fame_sql.operations.feedback.feedback import (
    Said,
    complete_feedback,
    give,
    learn_feedback,
    list_feedback,
    withdraw,
)
from fame_sql.operations.feedback.named import (
    Named,
    find,
    find_incident,
    find_template,
    find_where,
)

__all__ = [
    "Named",
    "Said",
    "complete_feedback",
    "find",
    "find_incident",
    "find_template",
    "find_where",
    "give",
    "learn_feedback",
    "list_feedback",
    "withdraw",
]
