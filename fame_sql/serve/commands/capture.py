"""What a command in a thread of the server reads and prints, apart from the server's own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import IO, Any, cast


@dataclass(frozen=True)
class Streams:
    """The streams of one command.

    Parameters
    ----------
    read : file of bytes
        What it reads from standard input.
    write : callable
        Takes ``out`` or ``err``, and what it prints there.
    """

    read: IO[bytes]
    write: Callable[[str, str], None]


_streams: ContextVar[Streams | None] = ContextVar("streams", default=None)


@contextmanager
def captured(streams: Streams) -> Iterator[None]:
    """Give the streams to what runs in the block; others keep theirs."""
    before = _streams.set(streams)
    try:
        yield
    finally:
        _streams.reset(before)


@contextmanager
def switched() -> Iterator[None]:
    """Let the streams of this process be those of a command, where one runs."""
    usual = sys.stdout, sys.stderr, sys.stdin
    sys.stdout = cast("Any", _Output("out", usual[0]))
    sys.stderr = cast("Any", _Output("err", usual[1]))
    sys.stdin = cast("Any", _Input(usual[2]))
    try:
        yield
    finally:
        sys.stdout, sys.stderr, sys.stdin = usual


class _Output(io.TextIOBase):
    """Prints to the command's stream, or to the process's own."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, name: str, usual: IO[str]) -> None:
        self._name = name
        self._usual = usual

    @property
    def buffer(self) -> IO[bytes]:
        streams = _streams.get()
        return cast("IO[bytes]", _Bytes(self) if streams else cast("Any", self._usual).buffer)

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        streams = _streams.get()
        if streams is None:
            return self._usual.write(text)
        if not isinstance(text, str):  # click asks so whether a stream takes bytes.
            raise TypeError("a stream of text takes no bytes")
        streams.write(self._name, text)
        return len(text)

    def flush(self) -> None:
        if _streams.get() is None:
            self._usual.flush()

    def isatty(self) -> bool:
        return _streams.get() is None and self._usual.isatty()

    def fileno(self) -> int:
        if _streams.get() is None:
            return self._usual.fileno()
        raise io.UnsupportedOperation("fileno")


class _Bytes(io.RawIOBase):
    """Bytes for a stream of text."""

    def __init__(self, text: _Output) -> None:
        self._text = text

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        found = bytes(data)
        self._text.write(found.decode("utf-8", "replace"))
        return len(found)


class _Input(io.TextIOBase):
    """Reads from the command's stream, or from the process's own."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, usual: IO[str]) -> None:
        self._usual = usual

    @property
    def buffer(self) -> IO[bytes]:
        streams = _streams.get()
        return streams.read if streams else cast("IO[bytes]", cast("Any", self._usual).buffer)

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        streams = _streams.get()
        if streams is None:
            return self._usual.read(-1 if size is None else size)
        return streams.read.read().decode("utf-8")

    def readline(self, size: int | None = -1) -> str:  # type: ignore[override]
        streams = _streams.get()
        if streams is None:
            return self._usual.readline(-1 if size is None else size)
        return streams.read.readline().decode("utf-8")

    def isatty(self) -> bool:
        return _streams.get() is None and self._usual.isatty()
