"""Messages of syslog in the bytes of a TCP connection (RFC 6587): counted, or ended by a line end.

Which of both a message has is decided for each anew, by its beginning: a number, one space and
``<NUMBER>`` is a count. A message that is longer than the limit is cut there, and its rest is
dropped without becoming messages of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MOST_COUNT = 10 << 20
"""A greater count is none: the line is text."""

_COUNT = re.compile(rb"([1-9]\d{0,9}) <\d{1,3}>")
_MAYBE_COUNT = re.compile(rb"[1-9]\d{0,9}(?: (?:<\d{0,3})?)?")
_BETWEEN = b"\r\n\0"
_END = re.compile(rb"[\n\0]")


class Message(NamedTuple):
    """A message as it was framed.

    Parameters
    ----------
    data : bytes
        Its bytes, without count and line end.
    fault : str or None
        What is wrong with its frame.
    """

    data: bytes
    fault: str | None = None


class Frames:
    """Takes the bytes of one connection apart.

    Parameters
    ----------
    most : int
        The most bytes that are kept of a message.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = b""
        self._dropping = 0
        self._drops_line = False

    @property
    def is_empty(self) -> bool:
        """Whether no part of a message waits for its rest."""
        return not self._held

    def add(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that end in these bytes."""
        self._held += data
        while self._skip_rest() and (found := self._next()) is not None:
            yield found

    def end(self) -> Iterator[Message]:
        """Yield what is left, at the end of the connection or when nothing has come for a time."""
        while self._skip_rest() and (found := self._next(last=True)) is not None:
            yield found

    def _skip_rest(self) -> bool:
        """Drop the rest of a message that was cut; return whether a new one can begin."""
        if self._dropping:
            dropped = min(self._dropping, len(self._held))
            self._held, self._dropping = self._held[dropped:], self._dropping - dropped
        if self._drops_line:
            end = _END.search(self._held)
            self._held = b"" if end is None else self._held[end.end() :]
            self._drops_line = end is None
        self._held = self._held if self._dropping else self._held.lstrip(_BETWEEN)
        return bool(self._held) and not self._dropping

    def _next(self, *, last: bool = False) -> Message | None:
        count = _COUNT.match(self._held)
        if count is None and not last and _MAYBE_COUNT.fullmatch(self._held[:16]):
            return None
        if count is not None and int(count[1]) <= MOST_COUNT:
            return self._counted(count.end(1) + 1, int(count[1]), last=last)
        return self._line(last=last)

    def _counted(self, begin: int, length: int, *, last: bool) -> Message | None:
        available = self._held[begin : begin + length]
        if len(available) < length and not last and len(available) <= self._most:
            return None
        self._held = self._held[begin + length :]
        if length > self._most and len(available) > self._most:
            self._dropping = length - len(available)
            return Message(
                available[: self._most], f"message of {length} bytes, cut at {self._most}"
            )
        if len(available) < length:
            fault = f"message of {length} bytes, of which {len(available)} came"
            return Message(available, fault)
        return Message(available.rstrip(_BETWEEN))

    def _line(self, *, last: bool) -> Message | None:
        end = _END.search(self._held)
        if end is None and len(self._held) <= self._most and not last:
            return None
        line = self._held if end is None else self._held[: end.start()]
        self._held = b"" if end is None else self._held[end.end() :]
        if len(line) <= self._most:
            return Message(line.rstrip(b"\r"))
        self._drops_line = end is None
        return Message(
            line[: self._most], f"message of {len(line)} bytes or more, cut at {self._most}"
        )
