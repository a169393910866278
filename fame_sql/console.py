"""Progress of long operations, and text that is safe for a terminal.

Stages take a :class:`Progress` and never print. The command line passes one that draws on stderr
if that is a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Step(Protocol):
    """A running operation."""

    def advance(self, amount: int = 1) -> None:
        """Report that ``amount`` more units are done."""


class Progress(Protocol):
    """Receives the progress of the stages."""

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Step]:
        """Show an operation of ``total`` units (None if unknown) while the block runs."""
        ...


class _Silent:
    def advance(self, amount: int = 1) -> None:
        pass


class SilentProgress:
    """Shows no progress: for pipes, tests and use as a library."""

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Step]:
        """Run the block without showing anything."""
        yield _Silent()


def printable(text: str) -> str:
    r"""Return ``text`` safe for a terminal.

    Text in logs is hostile. Control characters and bidirectional overrides, which could move the
    cursor or disguise text, are shown as escapes such as ``\x1b``.
    """
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), text)
