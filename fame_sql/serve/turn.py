"""Whose turn it is to write: one thread at a time, in the order in which they asked."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import ExitStack
from types import TracebackType


class Turn:
    """A lock that is handed on in the order of asking, and that its holder can take again.

    An ordinary lock goes to whoever runs at that moment: under load that is the thread which has
    just let it go, and others wait for seconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, threading.Event]] = deque()
        self._holder = 0
        self._depth = 0

    def __enter__(self) -> Turn:
        me = threading.get_ident()
        with self._lock:
            if self._holder in (0, me):
                self._holder = me
                self._depth += 1
                return self
            called = threading.Event()
            self._waiting.append((me, called))
        try:
            called.wait()
        except BaseException:
            self._leave_queue(called)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._depth -= 1
            if not self._depth:
                self._hand_on()

    def _hand_on(self) -> None:
        self._holder = 0
        if self._waiting:
            self._holder, called = self._waiting.popleft()
            self._depth = 1
            called.set()

    def _leave_queue(self, called: threading.Event) -> None:
        """Wait no longer: a command was interrupted, maybe just after it was called."""
        with self._lock:
            if called.is_set():
                self._depth = 0
                self._hand_on()
                return
            self._waiting = deque(each for each in self._waiting if each[1] is not called)


class Turns:
    """Several turns at once, always taken in the same order.

    Parameters
    ----------
    *turns : Turn
        The turns.
    """

    def __init__(self, *turns: Turn) -> None:
        self._turns = turns

    def __enter__(self) -> Turns:
        with ExitStack() as taken:
            for turn in self._turns:
                taken.enter_context(turn)
            taken.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for turn in reversed(self._turns):
            turn.__exit__(kind, error, trace)
