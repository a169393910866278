"""The report of a load, with examples of the lines that did not parse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fame_sql.ingest.formats.library import ANYTHING, NAMED

_ENOUGH_TIMES = 0.9
_MOST_ERRORS = 0.5
_MOST_HINTED = 0.2
_MOST_UNKNOWN = 0.05
_TABLES = ("parquet", "table", "query")

EXAMPLES = 3
"""Maximum number of lines that did not parse in a report."""

State = Literal[
    "added", "unchanged", "grown", "rotated", "truncated", "left out", "empty", "failed"
]


@dataclass(frozen=True)
class ParseFault:
    """A line that did not parse; it is loaded anyway.

    Parameters
    ----------
    line_number : int
        Its number in the source, from 1.
    parse_error : str
        The expected format.
    excerpt : str
        The beginning of its body, unchanged, so not safe for a terminal.
    """

    line_number: int
    parse_error: str
    excerpt: str


@dataclass(frozen=True)
class IngestReport:
    """The report of a load.

    Parameters
    ----------
    source_path, format, encoding : str
        The source, its format and its encoding.
    rows, errors : int
        Rows added by this call, and how many of them have a ``parse_error``.
    bytes_read : int
        Bytes read by this call, without those that were loaded before.
    state : str
        ``added`` if the source was new, ``unchanged`` or ``grown`` if it was loaded completely or
        in part, ``rotated`` if other lines have been read under this name, ``truncated`` if it
        begins with lines of these and only the others were added, ``left out`` if it is a copy
        that was not to be read, ``empty`` if it holds no line, ``failed`` if it cannot be read.
    examples : tuple of ParseFault
        The first lines that did not parse.
    read_as : str or None
        The name under which its lines were read before, if it had another one.
    copy_of : str or None
        Another source with the same content, or with the same ``copied_lines`` at its beginning.
    copied_lines : int
        How many lines at the beginning are also in that source.
    error : str or None
        Why it cannot be read.
    seen, timed, levelled, hosted, guessed : int
        Records that were looked at, and how many of them have a time, a level, a host, and a time
        of which something was guessed.
    continued : int
        Lines that were appended to the record before.
    hinted : int
        Records without a level that have a word for one near the beginning of their text.
    unknown : int
        Records whose level is no known word.
    gone : int
        Lines that were read before from a table which has no such row any more.
    reason : str
        Why the format was taken.
    """

    source_path: str
    format: str = ""
    encoding: str = ""
    rows: int = 0
    errors: int = 0
    bytes_read: int = 0
    state: State = "added"
    examples: tuple[ParseFault, ...] = ()
    read_as: str | None = None
    copy_of: str | None = None
    copied_lines: int = 0
    error: str | None = None
    seen: int = 0
    timed: int = 0
    levelled: int = 0
    hosted: int = 0
    guessed: int = 0
    continued: int = 0
    hinted: int = 0
    unknown: int = 0
    gone: int = 0
    reason: str = ""

    @property
    def is_unread(self) -> bool:
        """Whether no record is in the format."""
        return 0 < self.rows == self.errors

    @property
    def is_unknown(self) -> bool:
        """Whether its lines are text in which nothing was found: no time, no level, no host.

        Text that the user has called so is known.
        """
        found = self.timed or self.levelled or self.hosted or self.reason == NAMED
        return self.format == ANYTHING and self.seen > 0 and not found

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may have been read wrongly, with the options that help."""
        if not self.seen:
            return ()
        found = []
        if self.timed < _ENOUGH_TIMES * self.seen:
            how = (
                "name its column with --time-column"
                if self.format in _TABLES
                else "name it with --time-format or --time-key, or another --format (see 'fame "
                "ingest --dry-run')"
            )
            found.append(f"{self.timed} of {self.seen} records have a time: {how}")
        if self.errors > _MOST_ERRORS * self.seen:
            found.append(
                f"{self.errors} of {self.seen} records are not {self.format}: name another "
                "--format, a --message-key, or a --format-file (see 'fame formats try')"
            )
        if self.hinted > _MOST_HINTED * self.seen:
            found.append(
                f"{self.hinted} of {self.seen} records have a word for a level in their text that "
                "was not read as one: describe the format with --format-file (see 'fame formats "
                "try')"
            )
        if self.unknown > _MOST_UNKNOWN * self.seen:
            found.append(
                f"{self.unknown} of {self.seen} records have a level that is no known word: name "
                "its key with --level-key, or say what it means in [levels] of a --format-file"
            )
        if self.guessed:
            found.append(
                f"the times of {self.guessed} records were guessed in part, as their attribute "
                "'time_guess' says: use --time-format or --timezone"
            )
        return tuple(found)
