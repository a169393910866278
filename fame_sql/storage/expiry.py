"""Retention: old lines are dropped, but not what is known about them.

Events, templates, labels, verdicts and models stay, and so do the counts of dropped lines by day,
service and event (``fame.past_lines``). Lines with a label are not dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from fame_sql import sql
from fame_sql.console import PART, Progress, SilentProgress
from fame_sql.errors import InputError
from fame_sql.storage.views import define_views, partition_place
from fame_sql.warehouse import lines as own_lines
from fame_sql.warehouse.definitions import load_by_value
from fame_sql.warehouse.lake.files import forget_before
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.progress import statement_progress
from fame_sql.warehouse.warehouse import Warehouse, utc_now

HISTORY = timedelta(days=7)
"""How long a lake shows what it was, unless another time is given."""

_AGE = re.compile(r"(\d{1,6})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class ExpiryReport:
    """What was dropped, or would be dropped.

    Parameters
    ----------
    before : datetime
        The cutoff, in UTC: only earlier lines are dropped.
    lines, of_lines : int
        Lines of ``fame.logs`` to drop, and all its lines.
    kept_lines : int
        Lines before the cutoff that stay: with a label, or an unfinished last line of a source.
    oldest : datetime or None
        The time of the oldest line before the cutoff.
    partitions, partition_lines, partition_bytes : int
        Partition files to drop: their whole day is before the cutoff, and no line has a label.
    kept_partitions : int
        Partition files before the cutoff that stay because they have labelled lines.
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
    warehouse: Warehouse,
    before: datetime,
    *,
    all_lines: bool = False,
    history: timedelta = HISTORY,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ExpiryReport:
    """Drop the log lines before a time.

    Parameters
    ----------
    warehouse : Warehouse
        Its lines and partitions are dropped; :func:`fame_sql.storage.compaction.compact` then
        makes its file smaller.
    before : datetime
        The cutoff in UTC. For lines without a time, the time of ingestion counts.
    all_lines : bool
        Allow dropping every line.
    history : timedelta
        How long a lake still shows what it was; only then the dropped lines leave the disk.
    dry_run : bool
        Report what would be dropped, without any change.
    progress : Progress, optional
        Where to report how far it is.

    Raises
    ------
    InputError
        If every line would be dropped and ``all_lines`` is not set.
    """
    progress, connection = progress or SilentProgress(), warehouse.connection
    with progress.step("counting old lines", 2 * PART) as step:
        with statement_progress(connection, step):
            connection.execute(sql.load("storage/keep_lines"))
        with statement_progress(connection, step):
            [found] = warehouse.rows(sql.load("storage/expirable"), {"before": before})
    lines, kept, oldest, of_lines = found
    files, for_labels = _old_partitions(warehouse, before)
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
            f"every line in the warehouse is older than {before}: only {kept} that must stay would "
            "be left; add --all to drop all others, or give an earlier time"
        )
    with progress.step("dropping lines", (3 if is_lake(connection) else 2) * PART) as step:
        with warehouse.transaction():
            if is_lake(connection):
                # Another process can have labelled lines since they were counted.
                connection.execute(sql.load("storage/keep_lines"))
            counted = load_by_value(connection, "storage/count_expired")
            with statement_progress(connection, step):
                connection.execute(counted, {"before": before})
            with statement_progress(connection, step):
                own_lines.delete(connection, sql.load("storage/is_expired"), before=before)
            _expire_partitions(warehouse, [file[0] for file in files])
        _remove_files(warehouse)
        if is_lake(connection):
            with statement_progress(connection, step):
                forget_before(connection, history)
    return report


def cutoff(before: str | None, older_than: str | None) -> datetime:
    """Return the cutoff that a user gave.

    Parameters
    ----------
    before : str, optional
        A date or time, such as ``2026-11-01`` or ``2026-11-01T12:00``, in UTC.
    older_than : str, optional
        An age such as ``90d``, ``12h`` or ``4w``.

    Raises
    ------
    InputError
        If not exactly one is given, or it cannot be parsed.
    """
    if (before is None) == (older_than is None):
        raise InputError("give either --before DATE or --older-than AGE, such as 90d")
    if before is not None:
        try:
            time = datetime.fromisoformat(before)
        except ValueError:
            raise InputError(f"'{before}' is not a date: write it as 2026-11-01") from None
        if time.tzinfo is not None:
            raise InputError(f"'{before}' has a time zone: write the time in UTC, without a zone")
        return time
    try:
        return utc_now() - parse_age(older_than or "")
    except OverflowError:
        raise InputError(f"'{older_than}' is too long an age: write a smaller one") from None


def parse_age(text: str) -> timedelta:
    """Return an age such as ``90d``, ``12h`` or ``4w``.

    Raises
    ------
    InputError
        If it is written in another way.
    """
    found = _AGE.fullmatch(text)
    if found is None:
        raise InputError(f"'{text}' is not an age: write 90d (days), 12h (hours) or 4w (weeks)")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _old_partitions(
    warehouse: Warehouse, before: datetime
) -> tuple[list[tuple[int, str, int, int]], int]:
    """Return the files that can be dropped, and how many old ones stay for their labels."""
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


def _expire_partitions(warehouse: Warehouse, partition_ids: list[int]) -> None:
    if partition_ids:
        warehouse.connection.execute(
            sql.load("storage/expire_partitions"), {"partition_ids": partition_ids}
        )
        define_views(warehouse)


def _remove_files(warehouse: Warehouse) -> None:
    """Remove the files of expired partitions, including those that a stopped run left."""
    place = partition_place(warehouse)
    if place is None:
        return
    expired = warehouse.rows("SELECT path FROM fame.partitions WHERE state = 'expired'")
    for (path,) in expired:
        place.remove(path)
