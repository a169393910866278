"""The position in a source from which to resume: after the longest part loaded before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from fame_sql import sql
from fame_sql.console import Progress
from fame_sql.ingest.sources import Stream, open_source

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Load:
    """A row of ``fame.ingests``: the committed part of a source."""

    ingest_id: int
    fingerprint: str
    byte_start: int
    byte_end: int
    tail_offset: int | None
    line_end: int
    rows: int
    errors: int
    state: str
    started_at: datetime
    tail_line: int | None

    @property
    def resume_offset(self) -> int:
        """The byte to resume from; a last record that may continue is read again."""
        return self.byte_end if self.tail_offset is None else self.tail_offset

    @property
    def resume_line(self) -> int:
        """The number of lines before that byte."""
        if self.tail_line is not None:
            return self.tail_line - 1
        return self.line_end - (self.tail_offset is not None)


@dataclass(frozen=True)
class Start:
    """The position from which a source is read.

    Parameters
    ----------
    offset, line : int
        Bytes and lines of the source to skip.
    digest : hashlib._Hash
        The hash of those bytes.
    after : Load or None
        The load that contains them.
    nothing_new : bool
        Whether that load contains the whole source.
    """

    offset: int = 0
    line: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    after: Load | None = None
    nothing_new: bool = False

    @property
    def stopped(self) -> Load | None:
        """The interrupted load to resume; None if a new load starts."""
        return self.after if self.after is not None and self.after.state == "partial" else None


def _known_loads(connection: duckdb.DuckDBPyConnection) -> list[Load]:
    known = connection.execute(sql.load("ingest/known"))
    columns = [column[0] for column in known.description or []]
    return [Load(**dict(zip(columns, row, strict=True))) for row in known.fetchall()]


def find_start(
    connection: duckdb.DuckDBPyConnection, path: Path, encoding: str, progress: Progress
) -> Start:
    """Return the position from which to read a source, after comparing its hash with all loads.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse.
    path, encoding : Path, str
        The source.
    progress : Progress
        Receives the progress by bytes.
    """
    loads = _known_loads(connection)
    if not loads:
        return Start()
    offsets = {load.byte_end for load in loads} | {load.resume_offset for load in loads}
    with open_source(path, encoding) as stream:
        digests, length = _digests(stream, offsets, progress, path)
    for load in loads:
        digest = digests.get(load.byte_end)
        if digest is not None and digest.hexdigest() == load.fingerprint:
            return Start(
                offset=load.resume_offset,
                line=load.resume_line,
                digest=digests[load.resume_offset],
                after=load,
                nothing_new=length == load.byte_end,
            )
    return Start()


def _digests(
    stream: Stream, offsets: Iterable[int], progress: Progress, path: Path
) -> tuple[dict[int, hashlib._Hash], int]:
    """Return the hash of the bytes before each offset, and the number of bytes read."""
    digest, length, found = hashlib.sha256(), 0, {0: hashlib.sha256()}
    pending = b""
    with progress.step(f"checking {path.name}", max(offsets)) as step:
        for offset in sorted(offsets):
            while length < offset and (block := pending or stream.read(_BLOCK)):
                taken, pending = block[: offset - length], block[offset - length :]
                digest.update(taken)
                length += len(taken)
                step.advance(len(taken))
            if length < offset:
                return found, length
            found[offset] = digest.copy()
    return found, length + len(pending or stream.read(1))
