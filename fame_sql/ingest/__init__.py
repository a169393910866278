"""Ingest: load every line of a log file into ``fame.logs`` exactly once.

Files are read by a byte reader of our own, since DuckDB's CSV reader cannot keep every line of a
damaged file. Lines go to DuckDB as Arrow batches, and headers are parsed there in SQL. Each chunk
is committed with a fingerprint of all bytes up to its end. So a source is recognised under any
name, an interrupted load continues where it stopped, and no line is added twice.
"""

from __future__ import annotations

from fame_sql.ingest.encodings import ENCODINGS
from fame_sql.ingest.formats import FORMATS
from fame_sql.ingest.ingest import ingest_file
from fame_sql.ingest.report import IngestReport, ParseFault
from fame_sql.ingest.standard_input import ingest_stream

__all__ = ["ENCODINGS", "FORMATS", "IngestReport", "ParseFault", "ingest_file", "ingest_stream"]
