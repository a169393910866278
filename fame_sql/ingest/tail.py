"""The last record of a chunk, which may continue in the next chunk."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from fame_sql.ingest.lines import Chunk
from fame_sql.ingest.resume import Start


@dataclass(frozen=True)
class Tail:
    """A committed record that is read again together with the lines after it.

    Parameters
    ----------
    ingest_id, byte_offset : int
        Its key in ``fame.logs``.
    line_number : int
        The number of its first line.
    lines : pyarrow.Table or None
        Its lines, in the schema of the reader; None if the reader starts with them.
    """

    ingest_id: int
    byte_offset: int
    line_number: int
    lines: pa.Table | None = None

    @classmethod
    def of_start(cls, start: Start) -> Tail | None:
        """Return the last record of the load that a new load continues."""
        if start.after is None or start.after.tail_offset is None:
            return None
        return cls(start.after.ingest_id, start.after.tail_offset, start.line + 1)

    @classmethod
    def of_chunk(cls, ingest_id: int, byte_offset: int, line_number: int, chunk: Chunk) -> Tail:
        """Return the last record of a chunk, with its lines if more lines can follow."""
        kept = None
        if not chunk.last and chunk.lines is not None:
            kept = chunk.lines.filter(pc.greater_equal(chunk.lines["line_number"], line_number))
        return cls(ingest_id, byte_offset, line_number, kept)
