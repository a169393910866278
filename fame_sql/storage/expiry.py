"""Retention: lines that are old enough are dropped, what was found out about them is not.

Events, templates, labels, verdicts and models stay, and of each dropped line its count by day,
service and event (``fame.past_lines``). A line that someone judged stays itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.storage.views import define_views, partition_place
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_AGE = re.compile(r"(\d{1,6})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class ExpiryReport:
    """What was dropped, or would be.

    Parameters
    ----------
    before : datetime
        Lines before this time, in UTC.
    lines, of_lines : int
        Lines of ``fame.logs`` that go, and all that there were.
    kept_lines : int
        Older ones that stay: judged by someone, or a source's unfinished last line.
    oldest : datetime or None
        The time of the oldest of them all.
    partitions, partition_lines, partition_bytes : int
        Partition files that go: those whose whole day has passed and that hold no judged line.
    kept_partitions : int
        Partition files that stay for a judged line in them.
    dropped : bool
        False after a dry run.
    """

    before: datetime
    lines: int
    of_lines: int
    kept_lines: int
    oldest: datetime | None
    partitions: int
    partition_lines: int
    partition_bytes: int
    kept_partitions: int
    dropped: bool


def expire(
    warehouse: Warehouse, before: datetime, *, all_lines: bool = False, dry_run: bool = False
) -> ExpiryReport:
    """Drop the log lines before a time.

    Parameters
    ----------
    warehouse : Warehouse
        Its lines, and its partitions, are dropped; its file shrinks with
        :func:`fame_sql.storage.compaction.compact`.
    before : datetime
        In UTC, as times are kept. Lines without a time count at the time they were read.
    all_lines : bool
        Drop them even if none would be left.
    dry_run : bool
        Tell what would go, and change nothing.

    Raises
    ------
    InputError
        If every line would go and ``all_lines`` does not say so.
    """
    warehouse.connection.execute(sql.load("storage/keep_lines"))
    lines, kept, oldest, of_lines = warehouse.rows(
        sql.load("storage/expirable"), {"before": before}
    )[0]
    files, for_labels = _partitions(warehouse, before)
    report = ExpiryReport(
        before=before,
        lines=lines,
        of_lines=of_lines,
        kept_lines=kept,
        oldest=oldest,
        partitions=len(files),
        partition_lines=sum(file[2] for file in files),
        partition_bytes=sum(file[3] for file in files),
        kept_partitions=for_labels,
        dropped=not dry_run,
    )
    if dry_run:
        return report
    if lines and lines + kept == of_lines and not all_lines:
        raise InputError(
            f"every line in the warehouse is older than {before}: none would be left but "
            f"{kept} that must stay; say --all if that is meant, or name an earlier time"
        )
    with warehouse.transaction():
        warehouse.connection.execute(sql.load("storage/count_expired"), {"before": before})
        warehouse.connection.execute(sql.load("storage/delete_expired"), {"before": before})
        _forget(warehouse, [file[0] for file in files])
    _remove_files(warehouse)
    return report


def cutoff(before: str | None, older_than: str | None) -> datetime:
    """Return the time that a user means.

    Parameters
    ----------
    before : str, optional
        A date or time, such as ``2026-11-01`` or ``2026-11-01T12:00``, in UTC.
    older_than : str, optional
        An age such as ``90d``, ``12h`` or ``4w``, back from now.

    Raises
    ------
    InputError
        If not exactly one is given, or it cannot be read.
    """
    if (before is None) == (older_than is None):
        raise InputError("say either --before DATE or --older-than AGE, such as 90d")
    if before is not None:
        try:
            time = datetime.fromisoformat(before)
        except ValueError:
            raise InputError(f"'{before}' is no date: write it as 2026-11-01") from None
        if time.tzinfo is not None:
            raise InputError(f"'{before}' has a zone: write the time in UTC, without one")
        return time
    found = _AGE.fullmatch(older_than or "")
    if found is None:
        raise InputError(f"'{older_than}' is no age: write 90d (days), 12h (hours) or 4w (weeks)")
    try:
        return utc_now() - timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        raise InputError(f"'{older_than}' lies before all time: write a smaller age") from None


def _partitions(
    warehouse: Warehouse, before: datetime
) -> tuple[list[tuple[int, str, int, int]], int]:
    """Return the files that may go, and how many more stay for a judged line."""
    place = partition_place(warehouse)
    if place is None:
        return [], 0
    place.reach(warehouse.connection)
    old = warehouse.rows(sql.load("storage/expirable_partitions"), {"before": before})
    if not old:
        return [], 0
    files = [place.url(path) for _, path, _, _ in old]
    holding = warehouse.rows(sql.load("storage/labelled_files"), {"files": files})
    labelled = {row[0].replace(":///", "://") for row in holding}
    free = [row for row in old if place.url(row[1]).replace(":///", "://") not in labelled]
    return free, len(old) - len(free)


def _forget(warehouse: Warehouse, partition_ids: list[int]) -> None:
    if partition_ids:
        warehouse.connection.execute(
            sql.load("storage/expire_partitions"), {"partition_ids": partition_ids}
        )
        define_views(warehouse)


def _remove_files(warehouse: Warehouse) -> None:
    """Remove the files of expired partitions, also those that a stopped run left behind."""
    place = partition_place(warehouse)
    if place is None:
        return
    gone = warehouse.rows("SELECT path FROM fame.partitions WHERE state = 'expired'")
    for (path,) in gone:
        place.remove(path)
