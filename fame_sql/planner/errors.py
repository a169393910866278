"""Why something is not planned."""

from __future__ import annotations


class NotPlannedError(Exception):
    """A statement, or a call in it, is left as it was written.

    Parameters
    ----------
    reason : str
        What the planner cannot prove, for people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
