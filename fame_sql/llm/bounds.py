"""Bounds of an answer: an endpoint that sends without end, fast or slowly, is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

MOST_BYTES = 32_000_000
"""More than any answer has; what comes after is not read."""


class _Body:
    """The body of a response, up to a length and a time."""

    def __init__(self, stream: Any, seconds: float, most: int) -> None:
        self._body, self._seconds, self._most = stream, seconds, most

    def __iter__(self) -> Iterator[bytes]:
        until, left = time.monotonic() + self._seconds, self._most
        for piece in self._body:
            if time.monotonic() > until:
                raise TimeoutError("the answer does not end")
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return

    def close(self) -> None:
        """Leave the connection."""
        self._body.close()


def bounded(seconds: float, most: int = MOST_BYTES) -> Callable[[Any], None]:
    """Return a hook for the responses of an HTTP client, whose bodies then have bounds.

    The timeouts of the client are of each piece of a body, and pieces can come for ever.

    Parameters
    ----------
    seconds : float
        Time for the whole body; TimeoutError after that.
    most : int
        Bytes of it that are read.
    """

    def bind(response: Any) -> None:
        # The client asks for a stream of its own kind, from one of two packages.
        kind = type("Bounded", (_Body, type(response.stream)), {})
        response.stream = kind(response.stream, seconds, most)

    return bind
