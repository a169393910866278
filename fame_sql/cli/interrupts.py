"""What Ctrl-C does to a command: it ends soon, with one line and a status of its own."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = "interrupted: committed work is kept; run the command again to continue"
EXIT_STATUS = 130


@contextmanager
def interrupts(patience: Callable[[], float]) -> Iterator[list[int]]:
    """Collect the interrupts of a block, and end the process if it does not end by itself.

    The first one raises ``KeyboardInterrupt`` in the main thread, as soon as that runs Python. An
    import that it falls into may raise another error, so what was seen is known by the list. While
    the main thread computes elsewhere, Python's own handler waits. A thread beside it does not:
    after some patience it ends the process, as a kill would, which loses nothing that was
    committed. A second interrupt ends the process at once.

    Parameters
    ----------
    patience : callable
        Returns the seconds that the block may take to end after the first interrupt.
    """
    seen: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) > 1:
            _leave()
        signal.default_int_handler(number, frame)

    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_default or threading.current_thread() is not threading.main_thread():
        yield seen
        return
    ended = threading.Event()
    signal.signal(signal.SIGINT, handle)
    try:
        with _watched(lambda: _wait(ended, patience, handle)):
            try:
                yield seen
            finally:
                # Before the thread is waited for: it may be waiting for this.
                ended.set()
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _watched(interrupted: Callable[[], None]) -> Iterator[None]:
    """Call a function in a thread once a signal arrives, whatever the main thread does."""
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        while received := reading.recv(1):
            if received[0] == signal.SIGINT:
                interrupted()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        writing.close()
        thread.join(1)
        reading.close()


def _wait(ended: threading.Event, patience: Callable[[], float], handler: object) -> None:
    """End the process unless the block ends soon, or has taken interrupts into its own hands."""
    if not ended.wait(patience()) and signal.getsignal(signal.SIGINT) is handler:
        _leave()


def _leave() -> None:
    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{INTERRUPTED}\n".encode())
    os._exit(EXIT_STATUS)
