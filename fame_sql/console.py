"""Progress of long operations, and text that is safe for a terminal.

Stages take a :class:`Progress` and never print. The command line passes one that draws on stderr
if that is a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Protocol

PART = 100
"""The units of a part of an operation that is watched."""
_EVERY = 0.2
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


def is_shown(step: Step) -> bool:
    """Return whether somebody is told how far a step is."""
    return not isinstance(step, _Silent)


@contextmanager
def watched(step: Step, amount: int, share: Callable[[], float]) -> Iterator[None]:
    """Advance a step while the block runs something that does not tell how far it is.

    Parameters
    ----------
    step : Step
        The step that it is a part of.
    amount : int
        The units of the part.
    share : callable
        Returns what share of the part is done, from 0 to 1. A thread of its own asks it a few
        times a second, and not at all where no progress is shown.
    """
    if not is_shown(step):
        yield
        return
    done, ended = 0, Event()

    def watch() -> None:
        nonlocal done
        while not ended.wait(_EVERY):
            # A share can fall where one statement follows another.
            reached = max(done, int(amount * min(share(), 1)))
            step.advance(reached - done)
            done = reached

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    step.advance(amount - done)


def printable(text: str) -> str:
    r"""Return ``text`` safe for a terminal.

    Text in logs is hostile. Control characters and bidirectional overrides, which could move the
    cursor or disguise text, are shown as escapes such as ``\x1b``.
    """
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def plural(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
