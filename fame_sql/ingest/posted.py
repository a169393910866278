"""Lines that are sent rather than read from files: the records that they hold."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.ingest.examine import EmptySourceError, Examined, examine
from fame_sql.ingest.file_load import FileLoad
from fame_sql.ingest.formats import Layout
from fame_sql.ingest.lines import SCHEMA, Chunk, LineReader
from fame_sql.ingest.macros import Macros
from fame_sql.ingest.parts import Part, read_parts
from fame_sql.ingest.reading import Reading
from fame_sql.ingest.resume import Start
from fame_sql.ingest.sources import Source, latest_moment
from fame_sql.ingest.streams import is_packed


class SentLines:
    """Reads sent lines on a connection of its own, without storing them.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse; its temporary tables are replaced.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._macros = Macros(connection)

    def of_content(
        self,
        content: bytes,
        name: str,
        reading: Reading,
        received: datetime,
        *,
        by_line: bool = False,
    ) -> pa.Table:
        """Return the records of a text, as ``fame ingest`` reads a file with it.

        Parameters
        ----------
        content : bytes
            The text in UTF-8; invalid bytes become escapes, which ``parse_error`` says.
        name : str
            The name of its source.
        reading : Reading
            The settings.
        received : datetime
            When it came, in UTC without a zone: the latest time for times without a year.
        by_line : bool
            No object of JSON goes over several lines.

        Returns
        -------
        pyarrow.Table
            The columns of ``fame.logs`` that lines have themselves; empty if there is no line.

        Raises
        ------
        InputError
            If it cannot be read in the format that is named, or is compressed.
        """
        if is_packed(content):
            raise InputError("the text is compressed: say so with 'Content-Encoding: gzip'")
        moment = received.replace(tzinfo=UTC).timestamp()
        source = Source(name, name, moment, data=content, size=len(content))
        try:
            examined = examine(source, reading)
        except EmptySourceError:
            return _no_lines()
        if by_line and examined.format.splits == "json":
            examined = replace(examined, format=replace(examined.format, splits="json-lines"))
        lines = _all_lines(content, examined.line_end)
        return self._records(examined, lines, latest_moment(source, reading.year))

    def of_messages(
        self, messages: pa.Table, name: str, layout: Layout, latest: datetime
    ) -> pa.Table:
        """Return the records of messages whose layout is known; see :meth:`of_content`.

        Parameters
        ----------
        messages : pyarrow.Table
            In :data:`~fame_sql.ingest.lines.SCHEMA`.
        name : str
            The name of their source.
        layout : Layout
            How they become records.
        latest : datetime
            The latest time for times without a year.
        """
        source = Source(name, name, 0.0)
        return self._records(Examined(source, "utf-8", layout, "", None), messages, latest)

    def _records(self, examined: Examined, lines: pa.Table, latest: datetime) -> pa.Table:
        if not len(lines):
            return _no_lines()
        load = FileLoad(examined, Start(), 0, latest, latest)
        first, last = lines["line_number"][0].as_py(), lines["line_number"][-1].as_py()
        chunk = Chunk(lines, 0, last, None, "", last=True)
        read_parts(self._connection, self._macros, [Part(load, chunk, lines, None, first, 0)])
        return self._connection.sql(sql.load("ingest/incoming_rows")).to_arrow_table()


def _all_lines(content: bytes, line_end: bytes) -> pa.Table:
    reader = LineReader(io.BytesIO(content), line_end=line_end)
    chunks = []
    while (chunk := reader.read_chunk(1 << 30)) is not None:
        chunks.append(chunk.lines)
    found = [lines for lines in chunks if lines is not None]
    return pa.concat_tables(found) if found else SCHEMA.empty_table()


def _no_lines() -> pa.Table:
    return pa.table({})
