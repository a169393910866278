"""Bring events in line with messages that others have changed in ``fame.logs``."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

import duckdb

from fame_sql import sql
from fame_sql.events.rows import gather, load_over_rows
from fame_sql.warehouse import lines, settings
from fame_sql.warehouse.warehouse import Warehouse, read_recipe

_STEPS = ("add_events", "move_lines", "recount", "drop_empty")


@dataclass(frozen=True)
class RepairReport:
    """What a repair did.

    Parameters
    ----------
    lines : int
        Lines that had the event of another message.
    events : int
        The events that they have now.
    dropped : int
        Events without a line that were dropped, with their verdicts.
    """

    lines: int
    events: int
    dropped: int


def repair(warehouse: Warehouse) -> RepairReport:
    """Give every line the event of its message, and count the lines of all events.

    Labels and feedback stay with their lines. All changes are one transaction.

    Parameters
    ----------
    warehouse : Warehouse
        Open for writing.
    """
    with warehouse.transaction():
        # Also where no line has another event: lines may be gone, or have other times.
        forget_counts(warehouse.connection)
        return repair_lines(warehouse.connection)


def repair_lines(connection: duckdb.DuckDBPyConnection, condition: str = "true") -> RepairReport:
    """Repair the lines of a condition, inside the caller's transaction.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse.
    condition : str
        A condition on ``log_id`` in SQL, written in this program.
    """
    gather(connection)
    find = Template(sql.load("events/repair/find_changed"))
    canonical = read_recipe(connection).sql("body")
    connection.execute(find.substitute(canonical=canonical, condition=condition))
    for step in _STEPS:
        connection.execute(load_over_rows(connection, f"events/repair/{step}"))
    [found] = connection.execute(sql.load("events/repair/report")).fetchall()
    connection.execute(sql.load("events/repair/drop_steps"))
    lines.record(connection)
    report = RepairReport(*found)
    if report.lines or report.dropped:
        forget_counts(connection)
    return report


def forget_counts(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the next pass over the counts count all lines again."""
    settings.remove(connection, settings.COUNTED_UNTIL)
