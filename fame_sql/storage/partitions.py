"""Partitions: log lines in Parquet files by day, outside the warehouse's file.

Each file is at ``PLACE/day=2026-11-01/part-000001.parquet`` and has the columns of ``fame.logs``.
It stores the ``event_id`` of each line, so that a new model does not change any file. Events are
found from distinct messages, as for ingested logs. A file is used only once the warehouse lists
it, so that an interrupted run leaves no partial data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from string import Template
from typing import Any

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError
from fame_sql.events.events import absorb_events, drop_steps, with_incoming_lines
from fame_sql.sql.quoting import literal
from fame_sql.storage.places import Place, reach
from fame_sql.storage.source_columns import incoming_statement
from fame_sql.storage.views import define_views, prepare_place
from fame_sql.warehouse import lines as own_lines
from fame_sql.warehouse.definitions import load_by_value
from fame_sql.warehouse.disk import check_room
from fame_sql.warehouse.warehouse import Warehouse, utc_now

MOVED_FROM = "fame.logs"

# A partition file is about as large as its source; event ids compress less, hence the margin.
_BYTES_PER_SOURCE_BYTE = 2


@dataclass(frozen=True)
class PartitionReport:
    """Which partitions were written.

    Parameters
    ----------
    files : int
        Partition files written now.
    lines : int
        Lines in these files.
    days : tuple of date
        Days of these files.
    known : int
        Source files that were added before and are skipped.
    """

    files: int
    lines: int
    days: tuple[date, ...]
    known: int = 0


def add_partitions(
    warehouse: Warehouse,
    sources: Sequence[str],
    *,
    place: str | None = None,
    body: str | None = None,
    time: str | None = None,
    progress: Progress | None = None,
) -> PartitionReport:
    """Read Parquet files of log lines and write them as partitions, with their events.

    A file that was added before is skipped.

    Parameters
    ----------
    warehouse : Warehouse
        Stores the events, the list of files and the counts, but not the lines.
    sources : sequence of str
        Files or patterns, such as ``logs/day=*/*.parquet``; local or any fsspec address.
    place : str, optional
        The folder or address of the partitions; required the first time.
    body, time : str, optional
        The columns of the message and of its time; by default ``body`` or ``message``, and
        ``timestamp``, ``time`` or ``ts``, if there is one.
    progress : Progress, optional
        Where to report progress.

    Raises
    ------
    InputError
        If a file or column does not exist, or a file has changed since it was added.
    WarehouseError
        If the disk has no room for the partitions.
    """
    target = prepare_place(warehouse, place)
    files = _match_files(warehouse, sources)
    sizes = {file: _size(warehouse, file) for file in files}
    known = {row[0]: row[1:] for row in warehouse.rows(sql.load("storage/known_sources"))}
    for file, size in sizes.items():
        _refuse_changed(file, known.get(file, size), size)
    new = [file for file in files if file not in known]
    check_room(
        _BYTES_PER_SOURCE_BYTE * sum(sizes[file][1] for file in new),
        target.free(),
        Path(target.root),
    )
    written: list[tuple[date, int]] = []
    with (progress or SilentProgress()).step("adding partitions", len(new)) as step:
        for file in new:
            written += _add_file(warehouse, target, file, sizes[file], body, time)
            step.advance()
    return _report(written, len(files) - len(new))


def move_lines(
    warehouse: Warehouse,
    before: datetime,
    *,
    place: str | None = None,
    progress: Progress | None = None,
) -> PartitionReport:
    """Move whole days of ``fame.logs`` into partitions; lines with labels stay.

    Parameters
    ----------
    warehouse : Warehouse
        Its lines are moved, one transaction per day.
    before : datetime
        Lines of this day and later days stay.
    place : str, optional
        The folder or address of the partitions; required the first time.
    progress : Progress, optional
        Where to report progress.
    """
    target = prepare_place(warehouse, place)
    warehouse.connection.execute(sql.load("storage/keep_lines"))
    midnight = {"before": before.replace(hour=0, minute=0, second=0, microsecond=0)}
    days = warehouse.rows(sql.load("storage/movable_days"), midnight)
    written: list[tuple[date, int]] = []
    with (progress or SilentProgress()).step("moving lines", sum(n for _, n in days)) as step:
        for day, lines in days:
            with warehouse.transaction():
                warehouse.connection.execute(sql.load("storage/move_lines"), {"day": day})
                written += _write(warehouse, target, MOVED_FROM, (None, None))
                own_lines.delete(warehouse.connection, sql.load("storage/is_moved"), day=day)
            step.advance(lines)
    return _report(written, 0)


def list_partitions(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Return the files, lines, bytes and sources of each day with partitions."""
    return warehouse.records(sql.load("storage/list_partitions"))


def _match_files(warehouse: Warehouse, sources: Sequence[str]) -> list[str]:
    """Return the files that match the patterns, each once, in order."""
    found: dict[str, None] = {}
    for source in sources:
        reach(warehouse.connection, source)
        pattern = source if "://" in source else str(Path(source).absolute())
        files = warehouse.rows("SELECT file FROM glob(?) ORDER BY file", [pattern])
        if not files:
            raise InputError(f"no file matches {source}: check the name")
        found.update((file, None) for (file,) in files)
    return list(found)


def _size(warehouse: Warehouse, file: str) -> tuple[int, int]:
    """Return the rows and bytes of a Parquet file."""
    rows, size = warehouse.rows(
        "SELECT num_rows, file_size_bytes FROM parquet_file_metadata(?)", [file]
    )[0]
    return int(rows), int(size)


def _refuse_changed(file: str, before: tuple[int, int], now: tuple[int, int]) -> None:
    if before != now:
        raise InputError(
            f"{file} has changed since it was added ({before[0]} rows then, {now[0]} now): write "
            "new lines to a new file and add that"
        )


def _add_file(
    warehouse: Warehouse,
    place: Place,
    file: str,
    size: tuple[int, int],
    body: str | None,
    time: str | None,
) -> list[tuple[date, int]]:
    statement = incoming_statement(warehouse.connection, file, body, time)
    connection = warehouse.connection
    with warehouse.transaction():
        connection.execute(sql.load("events/create_incoming"))
        connection.execute(statement, {"file": file, "observed_timestamp": utc_now()})
        next_log_id = absorb_events(connection)
        statement = with_incoming_lines(sql.load("storage/create_lines"))
        connection.execute(statement, {"next_log_id": next_log_id})
        drop_steps(connection)
        connection.execute("DROP TABLE incoming")
        return _write(warehouse, place, file, size)


def _write(
    warehouse: Warehouse, place: Place, source: str, size: tuple[int | None, int | None]
) -> list[tuple[date, int]]:
    """Write the temporary table ``partition_lines``, one file per day; list and count the files."""
    connection = warehouse.connection
    days = warehouse.rows(sql.load("storage/partition_days"))
    first = warehouse.value("SELECT coalesce(max(partition_id), 0) + 1 FROM fame.partitions")
    for number, (day, lines) in enumerate(days, first):
        path = f"day={day}/part-{number:06d}.parquet"
        place.make_folder(path)
        connection.execute(
            Template(sql.load("storage/write_partition")).substitute(
                day=literal(str(day)), file=literal(place.url(path))
            )
        )
        row = {
            "partition_id": number,
            "day": day,
            "path": path,
            "source_path": source,
            "source_rows": size[0],
            "source_bytes": size[1],
            "lines": lines,
            "bytes": _size(warehouse, place.url(path))[1],
            "written_at": utc_now(),
        }
        connection.execute(sql.load("storage/add_partition"), row)
    connection.execute(load_by_value(connection, "storage/count_lines"))
    connection.execute("DROP TABLE partition_lines")
    define_views(warehouse)
    return list(days)


def _report(written: list[tuple[date, int]], known: int) -> PartitionReport:
    days = tuple(sorted({day for day, _ in written}))
    return PartitionReport(len(written), sum(lines for _, lines in written), days, known)
