"""How the lines of a warehouse differ from those of a copy, or of another warehouse."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.storage.views import reach_partitions
from fame_sql.warehouse.warehouse import Warehouse


def list_snapshot_differences(warehouse: Warehouse, other: Path) -> list[dict[str, Any]]:
    """Return templates by how much lines that are new here differ from those of another warehouse.

    Lines that both have, because one is a copy of the other, count for the other one.

    Parameters
    ----------
    warehouse : Warehouse
        Side B: its lines that the other does not have.
    other : Path
        Side A: the file of another warehouse, such as ``fame backup`` makes.

    Raises
    ------
    InputError
        If it is the same file, or has no line.
    """
    if other.exists() and other.samefile(warehouse.path):
        raise InputError(f"{other} is the warehouse itself: name a copy, or another warehouse")
    statement = sql.load("forensics/snapshots/lines")
    with Warehouse.open(other, read_only=True) as opened:
        reach_partitions(opened.connection)
        there = opened.connection.sql(statement).to_arrow_table()
    if not there.num_rows:
        raise InputError(f"{other} has no line: name a copy with lines")
    reach_partitions(warehouse.connection)
    here = warehouse.connection.sql(statement).to_arrow_table()
    with ExitStack() as after:
        for name, lines in (("this_lines", here), ("other_lines", there)):
            warehouse.connection.register(name, lines)
            after.callback(warehouse.connection.unregister, name)
        return warehouse.records(sql.load("forensics/snapshots/differences"))
