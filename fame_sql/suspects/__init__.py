"""Suspects: what to look at first in a log that nobody has labelled."""

from __future__ import annotations

from fame_sql.suspects.look import look_at
from fame_sql.suspects.suspects import Look, Matter, Suspect, find_suspects

__all__ = ["Look", "Matter", "Suspect", "find_suspects", "look_at"]
