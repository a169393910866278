"""Running a plan over a lake, to which others write meanwhile.

The plan has the verdicts on the events of its snapshot. A line of a new event that is committed
before the statement begins would have none. So what came is looked up, and the plan made again.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from fame_sql.planner import Plan
from fame_sql.planner.one_snapshot import one_snapshot
from fame_sql.scoring.kept import has_new_events

_PLANS = 5
_READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_COUNT = 'SELECT $count::BIGINT AS "Count"'

Run = Callable[[duckdb.DuckDBPyConnection, Plan], duckdb.DuckDBPyConnection]


def run_planned(
    connection: duckdb.DuckDBPyConnection, unplanned: Plan, make: Callable[[], Plan], run: Run
) -> duckdb.DuckDBPyConnection:
    """Plan and run a statement; over a lake until no new event comes in between.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The connection.
    unplanned : Plan
        The statement as it is written, for a lake in which new events never cease.
    make : callable
        What plans the statement.
    run : callable
        What runs a plan.

    Returns
    -------
    duckdb.DuckDBPyConnection
        The connection with the result.
    """
    for _ in range(_PLANS):
        plan = make()
        if plan.snapshot is None:
            return run(connection, plan)
        if (result := _run_if_current(connection, plan, plan.snapshot, run)) is not None:
            return result
    return run(connection, unplanned)


def _run_if_current(
    connection: duckdb.DuckDBPyConnection, plan: Plan, snapshot: int, run: Run
) -> duckdb.DuckDBPyConnection | None:
    """Run a plan over a lake; None if new events have come since, and nothing was done."""
    kinds = {found.type for found in connection.extract_statements(plan.statement)}
    if not kinds <= set(_READING):
        return _write_if_current(connection, plan, snapshot, run)
    result = run(connection, plan)
    with connection.cursor() as other:
        return None if has_new_events(other, snapshot) else result


def _write_if_current(
    connection: duckdb.DuckDBPyConnection, plan: Plan, snapshot: int, run: Run
) -> duckdb.DuckDBPyConnection | None:
    """Run a plan that writes in the transaction in which it is found to be current."""
    with one_snapshot(connection):
        if has_new_events(connection, snapshot):
            return None
        found = run(connection, plan).fetchall()
    # The commit was the last statement of the connection, and has no result.
    return connection.execute(_COUNT, {"count": found[0][0] if found else 0})
