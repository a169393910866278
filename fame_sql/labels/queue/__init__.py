"""The queue of new templates: each asks one question, and people or a language model answer it."""

from __future__ import annotations

from fame_sql.labels.queue.questions import examples, neighbours, read_queue
from fame_sql.labels.queue.review import QueueReview

__all__ = ["QueueReview", "examples", "neighbours", "read_queue"]
