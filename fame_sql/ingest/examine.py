"""A source before it is loaded: its encoding, its format and its beginning."""

from __future__ import annotations

import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fame_sql.errors import InputError
from fame_sql.ingest.bounds import UNCHECKED, is_suspicious
from fame_sql.ingest.encodings import check_utf8, resolve_encoding, wide_encoding
from fame_sql.ingest.formats import Layout, choose_layout
from fame_sql.ingest.known import head_of
from fame_sql.ingest.reading import Reading
from fame_sql.ingest.sources import HEAD_BYTES, Source, open_source, read_head
from fame_sql.ingest.streams import Stream, is_plain, unpack

_BLOCK = 1 << 20
_MARK = b"\xef\xbb\xbf"


class EmptySourceError(InputError):
    """A source holds no line."""


@dataclass(frozen=True)
class Examined:
    """A source that can be loaded.

    Parameters
    ----------
    source : Source
        The source.
    encoding : str
        Its encoding.
    format : Layout
        How its lines become records.
    head : str
        The fingerprint of its beginning.
    content : bytes or None
        All of it in UTF-8, if that is at most :data:`HEAD_BYTES`.
    line_end : bytes
        What ends its lines: a line feed, or a carriage return where there is no line feed.
    """

    source: Source
    encoding: str
    format: Layout
    head: str
    content: bytes | None
    line_end: bytes = b"\n"

    @contextmanager
    def open(self) -> Iterator[Stream]:
        """Open it as a stream of UTF-8 bytes."""
        if self.content is None:
            with open_source(self.source, self.encoding) as stream:
                yield stream
        else:
            content = io.BytesIO(self.content)
            yield Stream(self.source.name, content, "utf-8", len(self.content))


def examine(source: Source, reading: Reading) -> Examined:
    """Read the beginning of a source, and find its encoding and its format.

    Raises
    ------
    EmptySourceError
        If it holds no line.
    InputError
        If it cannot be used.
    """
    wanted = resolve_encoding(reading.encoding or "auto")
    used = "utf-8" if wanted == "auto" else wanted
    head = read_head(source, used, HEAD_BYTES + 1)
    name = Path(source.name)
    if wanted == "auto" and (wide := wide_encoding(name, head[:HEAD_BYTES])):
        used = wide
        head = read_head(source, used, HEAD_BYTES + 1)
    if len(head) > HEAD_BYTES:
        _refuse_bomb(source)
    if wanted == "auto":
        check_utf8(name, head[:HEAD_BYTES])
    if not head.removeprefix(_MARK).strip():
        raise EmptySourceError(f"{source.name} is empty: name a file with log lines")
    line_end = b"\r" if b"\n" not in head and b"\r" in head.strip() else b"\n"
    return Examined(
        source=source,
        encoding=used,
        format=_layout(name, head[:HEAD_BYTES].replace(line_end, b"\n"), reading),
        head=head_of(head),
        content=head if len(head) <= HEAD_BYTES else None,
        line_end=line_end,
    )


def _refuse_bomb(source: Source) -> None:
    """Refuse a source that unpacks to more than any log, before its first line is stored.

    Only where its beginning is that small, much of it is read twice.
    """
    with source.open() as stored:
        raw = unpack(stored, source.name, source.most_times, source.archive)
        length = 0
        if is_plain(raw):
            return
        with raw:
            while length <= UNCHECKED and is_suspicious(stored, length):
                try:
                    block = raw.read(_BLOCK)
                except (EOFError, OSError, zlib.error, lzma.LZMAError):
                    return  # Reported where its lines are read.
                if not block:
                    return
                length += len(block)


def _layout(name: Path, head: bytes, reading: Reading) -> Layout:
    found = choose_layout(reading.format, name, head, reading.hints)
    return replace(found, continuation="any", joins_all=True) if reading.join_lines else found
