"""Ingest: load every line of a log into ``fame.logs`` exactly once.

Files are read by a byte reader of our own, since DuckDB's CSV reader cannot keep every line of a
damaged file. Lines go to DuckDB as Arrow batches, and headers are parsed there in SQL. Each chunk
is committed with a fingerprint of all bytes up to its end. So a source is recognised after it was
rotated, an interrupted load continues where it stopped, and no line is added twice.
"""

from __future__ import annotations

from fame_sql.ingest.columns import ColumnChoice
from fame_sql.ingest.encodings import ENCODINGS
from fame_sql.ingest.follow import follow
from fame_sql.ingest.formats import FORMATS, Format, Hints, known_formats
from fame_sql.ingest.ingest import ingest_file, ingest_files, ingest_table
from fame_sql.ingest.reading import Reading
from fame_sql.ingest.report import IngestReport, ParseFault
from fame_sql.ingest.standard_input import ingest_stream
from fame_sql.ingest.tables import named_query, named_table

__all__ = [
    "ENCODINGS",
    "FORMATS",
    "ColumnChoice",
    "Format",
    "Hints",
    "IngestReport",
    "ParseFault",
    "Reading",
    "follow",
    "ingest_file",
    "ingest_files",
    "ingest_stream",
    "ingest_table",
    "known_formats",
    "named_query",
    "named_table",
]
