"""The last record of a chunk, which may continue in the next chunk."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fame_sql import sql
from fame_sql.ingest.lines import Chunk
from fame_sql.ingest.resume import Start


@dataclass(frozen=True)
class Tail:
    """A committed record that is read again together with the lines after it.

    Parameters
    ----------
    ingest_id, byte_offset : int
        Its key in ``fame.logs``.
    lines : pyarrow.Table or None
        Its lines, in the schema of the reader; None if the reader starts with them.
    """

    ingest_id: int
    byte_offset: int
    lines: pa.Table | None = None

    @classmethod
    def of_start(cls, start: Start) -> Tail | None:
        """Return the last record of the load that a new load continues."""
        if start.after is None or start.after.tail_offset is None:
            return None
        return cls(start.after.ingest_id, start.after.tail_offset)

    @classmethod
    def of_chunk(
        cls, connection: duckdb.DuckDBPyConnection, chunk: Chunk, ingest_id: int
    ) -> Tail | None:
        """Return the last record of the chunk in the table ``incoming``."""
        found = connection.execute(sql.load("ingest/last_record")).fetchall()
        if not found:
            return None
        line_number, byte_offset = found[0]
        kept = chunk.lines.filter(pc.greater_equal(chunk.lines["line_number"], line_number))
        return cls(ingest_id, byte_offset, kept)

    def delete(self, connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
        """Delete its row before it is loaded again; return the deleted rows and errors."""
        place = {"ingest_id": self.ingest_id, "byte_offset": self.byte_offset}
        connection.execute(sql.load("ingest/uncount_tail"), place)
        gone = connection.execute(sql.load("ingest/delete_tail"), place).fetchall()
        return len(gone), sum(error for (error,) in gone)
