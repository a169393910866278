"""Running one command for a client, in a thread of its own."""

from __future__ import annotations

import ctypes
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import IO

import click

from fame_sql.serve.commands.capture import Streams, captured
from fame_sql.warehouse.sharing import Shared, sharing

_FRAMES = 64
_AGAIN = 0.2

Frame = tuple[str, str | int]
"""What a command prints, as ``out`` or ``err``; at last its exit code, as ``exit``."""


class Running:
    """A command that runs.

    Parameters
    ----------
    program : click.Group
        The command line.
    words : sequence of str
        The command.
    shared : Shared
        The open warehouse.
    read : file of bytes
        Its standard input.
    """

    def __init__(
        self, program: click.Group, words: Sequence[str], shared: Shared, read: IO[bytes]
    ) -> None:
        self._program = program
        self._words = list(words)
        self._shared = shared
        self._read = read
        self._frames: queue.Queue[Frame] = queue.Queue(_FRAMES)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fame-command")
        self._thread.start()

    def frames(self) -> Iterator[Frame]:
        """Yield what it prints, and its exit code at last."""
        while True:
            frame = self._frames.get()
            yield frame
            if frame[0] == "exit":
                return

    def stop(self) -> None:
        """End it as Ctrl-C would; it is not waited for."""
        self._stopped.set()
        if not self._thread.is_alive():
            return
        self._shared.interrupt()
        number = ctypes.c_ulong(self._thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(KeyboardInterrupt))

    def join(self, seconds: float) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)

    def _run(self) -> None:
        code = 1
        try:
            with sharing(self._shared), captured(Streams(self._read, self._write)):
                code = self._invoke()
        except KeyboardInterrupt:
            code = 130
        finally:
            self._read.close()
            self._put(("exit", code))

    def _invoke(self) -> int:
        run: Callable[..., object] = self._program.main
        try:
            run(self._words, prog_name="fame")
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except Exception as error:
            # What the command line would show as a traceback: a client gets one line of it.
            self._write("err", f"Error: {type(error).__name__}: {error}\n")
            return 1
        return 0

    def _write(self, name: str, text: str) -> None:
        if text:
            self._put((name, text))

    def _put(self, frame: Frame) -> None:
        """Hand on what was printed, no faster than the client takes it."""
        is_last = frame[0] == "exit"
        while is_last or not self._stopped.is_set():
            try:
                self._frames.put(frame, timeout=_AGAIN)
            except queue.Full:
                if self._stopped.is_set():
                    with suppress(queue.Empty):  # Nobody takes them any more.
                        self._frames.get_nowait()
                continue
            return
        raise KeyboardInterrupt
