"""How the load of a source ended: it could not be read, or it was a table."""

from __future__ import annotations

from dataclasses import dataclass

from fame_sql.errors import InputError
from fame_sql.ingest.examine import EmptySourceError
from fame_sql.ingest.file_load import FileLoad
from fame_sql.ingest.report import IngestReport


class Unread:
    """A source that cannot be read.

    Parameters
    ----------
    name : str
        Its name.
    error : InputError
        Why.
    stored : int
        Records that are stored of what comes before.
    """

    def __init__(self, name: str, error: InputError, stored: int = 0) -> None:
        self.name = name
        self.error = error
        self.stored = stored

    @property
    def report(self) -> IngestReport:
        """The report of the source."""
        if isinstance(self.error, EmptySourceError):
            return IngestReport(self.name, state="empty")
        return IngestReport(self.name, state="failed", error=str(self.error), rows=self.stored)


def with_what_is_stored(error: InputError, load: FileLoad) -> InputError:
    """Return the error of a source of which the first records are committed."""
    rows = load.report.rows
    if not rows:
        return error
    return InputError(
        f"{error}; {rows:,} records from before are stored, and the next 'fame ingest' of this "
        "log goes on after them"
    )


@dataclass(frozen=True)
class Loaded:
    """A table that has been loaded.

    Parameters
    ----------
    report : IngestReport
        The report of the load.
    """

    report: IngestReport
