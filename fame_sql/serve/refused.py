"""A request that is not answered as it asks: the status, and what the sender is told."""

from __future__ import annotations

from collections.abc import Mapping


class RefusedError(Exception):
    """Why a request is refused.

    Parameters
    ----------
    status : int
        The status of HTTP. Senders repeat what is answered with 429 or 503, and nothing else.
    message : str
        What is wrong and what to do.
    headers : mapping, optional
        More headers of the answer.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def busy(reason: str, seconds: int) -> RefusedError:
    """Return that a sender should try again."""
    return RefusedError(503, reason, {"Retry-After": str(max(seconds, 1))})
