"""The settings with which sources are read."""

from __future__ import annotations

from dataclasses import dataclass, field

from fame_sql.errors import InputError
from fame_sql.ingest.bounds import MOST_TIMES
from fame_sql.ingest.columns import ColumnChoice
from fame_sql.ingest.formats.hints import NO_HINTS, Hints


@dataclass(frozen=True)
class Reading:
    """The settings of a load, which are the same for all of its sources.

    Parameters
    ----------
    format : str
        A name in :data:`~fame_sql.ingest.FORMATS`, or ``auto`` to detect it from the first lines.
    encoding : str or None
        A name in :data:`~fame_sql.ingest.ENCODINGS`, used without a check. None or ``auto``
        means UTF-8, and the first MiB is checked.
    year : int or None
        Year for timestamps that have none. If None, each line gets the latest year for which it is
        not later than one day after the last modification of its file.
    join_lines : bool
        Append every line without a header to the record before. Otherwise the format says which
        lines continue a record.
    source : str or None
        The name of the source, in the rows and for recognising it; by default the path, and for
        recognising it the folder and the stem of the file's name.
    skip_copies : bool
        Leave out lines that another source holds, byte for byte, from its beginning.
    redact : bool
        Mask secrets, addresses and names in messages and attributes before they are stored.
    columns : ColumnChoice
        The columns of tables, Parquet and CSV files.
    max_ratio : int
        How many times its size a compressed source may have once it is unpacked.
    chunk_lines : int
        Number of lines that are committed together.
    hints : Hints
        What else is known of the records: zone, time format, keys, host and service.
    strict : bool
        Refuse a CSV file with a damaged record, instead of keeping the record as a line with a
        ``parse_error``.
    """

    format: str = "auto"
    encoding: str | None = None
    year: int | None = None
    join_lines: bool = False
    source: str | None = None
    skip_copies: bool = False
    redact: bool = False
    columns: ColumnChoice = field(default_factory=ColumnChoice)
    max_ratio: int = MOST_TIMES
    chunk_lines: int = 500_000
    hints: Hints = NO_HINTS
    strict: bool = False

    def __post_init__(self) -> None:
        if self.chunk_lines < 1:
            raise InputError(f"chunk_lines is {self.chunk_lines}: use 1 or more, such as 500000")
