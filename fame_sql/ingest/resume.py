"""Where to go on in a source: after the longest beginning of it that was loaded before."""

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
    """A row of ``fame.ingests``: what was loaded of a source, as far as it is committed."""

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
        """The byte to read on from: a last record that may grow is read again."""
        return self.byte_end if self.tail_offset is None else self.tail_offset

    @property
    def resume_line(self) -> int:
        """The lines before that byte."""
        if self.tail_line is not None:
            return self.tail_line - 1
        return self.line_end - (self.tail_offset is not None)


@dataclass(frozen=True)
class Start:
    """Where reading begins.

    Parameters
    ----------
    offset, line : int
        Bytes and lines of the source that need not be read.
    digest : hashlib._Hash
        The hash of those bytes.
    after : Load or None
        The load that read them.
    nothing_new : bool
        Whether that load read the whole source.
    """

    offset: int = 0
    line: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    after: Load | None = None
    nothing_new: bool = False

    @property
    def stopped(self) -> Load | None:
        """The load that was stopped and is gone on with; None where one begins."""
        return self.after if self.after is not None and self.after.state == "partial" else None


def _known_loads(connection: duckdb.DuckDBPyConnection) -> list[Load]:
    known = connection.execute(sql.load("ingest/known"))
    columns = [column[0] for column in known.description or []]
    return [Load(**dict(zip(columns, row, strict=True))) for row in known.fetchall()]


def find_start(
    connection: duckdb.DuckDBPyConnection, path: Path, encoding: str, progress: Progress
) -> Start:
    """Return where to begin reading a source, hashing as much of it as was ever loaded.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse.
    path, encoding : Path, str
        The source.
    progress : Progress
        Told the bytes hashed.
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
    """Return the hash of the bytes before each offset, and how many bytes were seen."""
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
