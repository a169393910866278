"""Ingest: log files become rows of ``fame.logs``, byte by byte, once, and none is dropped.

A file is read by a byte reader of our own, since no options of DuckDB's CSV reader keep every
line of a damaged file. Lines go to DuckDB as Arrow batches and headers are parsed there, in
sets. Every chunk commits with a fingerprint of all that was read before it, so a source is
known again under any name, goes on where a load stopped, and never adds a line twice.
"""

from __future__ import annotations

from fame_sql.ingest.encodings import ENCODINGS
from fame_sql.ingest.formats import FORMATS
from fame_sql.ingest.ingest import ingest_file
from fame_sql.ingest.report import IngestReport, ParseFault
from fame_sql.ingest.standard_input import ingest_stream

__all__ = ["ENCODINGS", "FORMATS", "IngestReport", "ParseFault", "ingest_file", "ingest_stream"]
