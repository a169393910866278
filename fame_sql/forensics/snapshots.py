"""How the lines of a warehouse differ from those of another warehouse or of an earlier state."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.console import PART, Progress, SilentProgress, Step
from fame_sql.errors import InputError
from fame_sql.sql.quoting import literal
from fame_sql.storage.views import reach_partitions
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.progress import statement_progress
from fame_sql.warehouse.warehouse import Warehouse

Snapshot: TypeAlias = datetime | int
"""A state of a lake: by a moment in UTC, or by its number in ``ducklake_snapshots``."""


def list_snapshot_differences(
    warehouse: Warehouse, other: Path, *, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Return templates by how much lines that are new here differ from those of another warehouse.

    Lines that both have, because one is a copy of the other, count for the other one.

    Parameters
    ----------
    warehouse : Warehouse
        Side B: its lines that the other does not have.
    other : Path
        Side A: the file of another warehouse, such as ``fame backup`` makes.
    progress : Progress, optional
        Where to report how far it is.

    Raises
    ------
    InputError
        If it is the same file, or has no line.
    """
    if other.exists() and other.samefile(warehouse.path):
        raise InputError(f"{other} is the warehouse itself: name a copy, or another warehouse")
    with (progress or SilentProgress()).step("comparing templates", 3 * PART) as step:
        with Warehouse.open(other, read_only=True) as opened:
            there = _lines(opened, step)
        if not there.num_rows:
            raise InputError(f"{other} has no line: name a copy with lines")
        return _differences(warehouse, _lines(warehouse, step), there, step)


def list_differences_since(
    warehouse: Warehouse,
    before: Snapshot,
    after: Snapshot | None = None,
    *,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Return templates by how much lines that came to a lake differ from those it had.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse in a lake.
    before : datetime or int
        Side A: the lines of this state.
    after : datetime or int, optional
        Side B: the lines of this state that the first does not have; without it, of now.
    progress : Progress, optional
        Where to report how far it is.

    Raises
    ------
    InputError
        If the warehouse is a file, there is no such state, or the first has no line.
    """
    if not is_lake(warehouse.connection):
        raise InputError(
            f"{warehouse.path} is a file, which has no past: compare it with a copy that "
            "'fame backup' made, by --against FILE"
        )
    with (progress or SilentProgress()).step("comparing templates", 3 * PART) as step:
        there = _lines(warehouse, step, before)
        if not there.num_rows:
            raise InputError(f"the lake had no line at {_named(before)}: name a later state")
        here = _lines(warehouse, step, after)
        return _differences(warehouse, here, there, step)


def _lines(warehouse: Warehouse, step: Step, moment: Snapshot | None = None) -> pa.Table:
    reach_partitions(warehouse.connection)
    text = Template(sql.load("forensics/snapshots/lines"))
    statement = text.substitute(moment="" if moment is None else _at(moment))
    try:
        with statement_progress(warehouse.connection, step):
            return warehouse.connection.sql(statement).to_arrow_table()
    except duckdb.Error as error:
        if moment is None or "napshot" not in str(error):
            raise
        raise InputError(_no_state(warehouse, moment)) from None


def _differences(
    warehouse: Warehouse, here: pa.Table, there: pa.Table, step: Step
) -> list[dict[str, Any]]:
    with ExitStack() as after:
        for name, lines in (("this_lines", here), ("other_lines", there)):
            warehouse.connection.register(name, lines)
            after.callback(warehouse.connection.unregister, name)
        with statement_progress(warehouse.connection, step):
            return warehouse.records(sql.load("forensics/snapshots/differences"))


def _at(moment: Snapshot) -> str:
    if isinstance(moment, int):
        return f"AT (VERSION => {moment})"
    return f"AT (TIMESTAMP => {literal(moment.replace(tzinfo=UTC).isoformat(' '))})"


def _named(moment: Snapshot) -> str:
    return f"snapshot {moment}" if isinstance(moment, int) else f"{moment:%Y-%m-%dT%H:%M:%S}"


def _no_state(warehouse: Warehouse, moment: Snapshot) -> str:
    [(name,)] = warehouse.rows(sql.load("warehouse/lake/name"))
    [(first, oldest, last, newest)] = warehouse.rows(
        sql.load("forensics/snapshots/known"), {"name": name}
    )
    return (
        f"the lake has no state of {_named(moment)}: it has those from snapshot {first} of "
        f"{oldest:%Y-%m-%dT%H:%M:%S} to {last} of {newest:%Y-%m-%dT%H:%M:%S}, as "
        f"fame query \"FROM ducklake_snapshots('{name}')\" lists; 'fame expire' forgets older ones"
    )
