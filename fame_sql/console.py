"""What a person sees while long work runs: progress on stderr, and only on a terminal.

Stages take a :class:`Progress` and never print; the command line passes one that draws.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Step(Protocol):
    """One running piece of work."""

    def advance(self, amount: int = 1) -> None:
        """Say that ``amount`` more units are done."""


class Progress(Protocol):
    """Where stages tell how far they are."""

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Step]:
        """Show a piece of work of ``total`` units (None: unknown) while the block runs."""
        ...


class _Silent:
    def advance(self, amount: int = 1) -> None:
        pass


class SilentProgress:
    """Shows nothing: for pipes, tests and library use."""

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Step]:
        """Run the block without showing anything."""
        yield _Silent()


def printable(text: str) -> str:
    r"""Return ``text`` safe for a terminal.

    Logs are hostile: control characters and bidirectional overrides, which could move the
    cursor or disguise text, are shown as escapes such as ``\x1b``.
    """
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), text)
