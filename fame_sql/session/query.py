"""Running a user's SQL on a connection with the live functions."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import duckdb

from fame_sql.console import Progress
from fame_sql.errors import QueryError
from fame_sql.planner import Plan, make_plan
from fame_sql.planner.passes.check_statement import IN_TRANSACTION
from fame_sql.scoring.on_demand import Parameters
from fame_sql.session.planned_run import run_planned
from fame_sql.warehouse.bucket import trouble

_NO_STATEMENT = "there is no statement: give one, such as 'SELECT * FROM anomalies'"
_NO_RELATION = re.compile(r"Table with name|column .* not found|does not have a column", re.I)
_SUBQUERY = (
    "on DuckDB 1, name the call in a subquery, as in SELECT s FROM (SELECT fame_score(body) AS s "
    "FROM logs) WHERE s > 0.9"
)
_USE = "run USE with the name of the one that you ask, as in 'USE b; SELECT b.fame.score(..)'"
# A stored function asks first whether its warehouse is current; DuckDB's error has more in it.
_NOT_CURRENT = {"another warehouse is current": "another", "use_this_warehouse_first does": "no"}
_NO_ACCESS = re.compile(r'Cannot access file "(?P<file>[^"]+)"')
_SLOW = (
    f"a live function judges message by message here, because {IN_TRANSACTION}; in it, scored_logs "
    "and fame.score(body) give stored verdicts fast"
)
_RAISED_INSIDE = re.compile(r"executing the UDF: \w+: (?P<message>[^\n]+)")


def query(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    parameters: Parameters = None,
    *,
    progress: Progress | None = None,
) -> duckdb.DuckDBPyConnection:
    """Run a statement, with its live calls answered from stored verdicts.

    Returns the same rows as ``connection.execute(statement, parameters)``. The planner first scores
    events without a verdict, in large batches, and does not change calls that it cannot prove safe.
    In a transaction of the caller's nothing is planned, and a warning says so.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Of :func:`fame_sql.connect`, or any that was passed to :func:`fame_sql.register`.
    statement : str
        SQL in DuckDB's dialect.
    parameters : sequence or mapping, optional
        The values of its parameters: ``?``, ``$1`` or ``$name``.
    progress : Progress, optional
        Where to report the progress of scoring.

    Returns
    -------
    duckdb.DuckDBPyConnection
        ``connection``, with the result: ``fetchall()``, ``fetchmany()``, ``df()`` and so on.

    Raises
    ------
    ModelError
        If the model cannot be used.
    QueryError
        If there is no statement.
    """
    plain = getattr(connection, "plain", connection)
    unplanned = Plan(statement, parameters=parameters)
    make = partial(plan_and_tell, plain, statement, parameters, progress=progress)
    return run_planned(plain, unplanned, make, run)


def plan_and_tell(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    parameters: Parameters = None,
    *,
    progress: Progress | None = None,
) -> Plan:
    """Return the plan of a statement; warn where a transaction of the caller's prevents one."""
    plan = make_plan(connection, statement, parameters, progress=progress)
    if plan.reason == IN_TRANSACTION:
        warnings.warn(_SLOW, stacklevel=3)
    return plan


def run(connection: duckdb.DuckDBPyConnection, plan: Plan) -> duckdb.DuckDBPyConnection:
    """Run what the planner has made of a statement.

    Raises
    ------
    QueryError
        If there is no statement.
    """
    result = connection.execute(plan.statement, plan.parameters)
    if result is None:
        raise QueryError(_NO_STATEMENT)
    return result


def check_statement(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Raise an error if there is no statement, without running it.

    Raises
    ------
    QueryError
        If there is none.
    duckdb.Error
        If DuckDB cannot parse it.
    """
    if not connection.extract_statements(statement):
        raise QueryError(_NO_STATEMENT)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn DuckDB's errors into messages of one line.

    Raises
    ------
    QueryError
        For any error that DuckDB raises in the block; the error of a live function without the
        text that DuckDB adds to it.
    """
    try:
        yield
    except duckdb.Error as error:
        raise QueryError(_one_line(error)) from None


def _one_line(error: duckdb.Error) -> str:
    message = str(error)
    if raised := _RAISED_INSIDE.search(message):
        return raised["message"]
    if reason := trouble(error):
        return reason
    if current := next((word for part, word in _NOT_CURRENT.items() if part in message), ""):
        return f"{current} warehouse is current: {_USE}"
    first, *others = message.splitlines()
    if "base table" in first:
        return f"{first}: views are read-only; use the tables of the schema fame, such as fame.logs"
    if "read-only" in first:
        return f"{first}; add --write to let the statement change the warehouse"
    if (refused := _NO_ACCESS.search(first)) and Path(refused["file"]).is_symlink():
        return f"{refused['file']} is a link out of its folder: replace it with the file itself"
    if "disabled by configuration" in first or "disabled through configuration" in first:
        return f"{first}; add --external-access to let statements reach files and the network"
    if "the expression has side effects" in first:
        return f"{first}: {_SUBQUERY}"
    if suggested := next((line for line in others if line.startswith("Did you mean")), ""):
        first = f"{first.rstrip('!.')}. {suggested}"
    if _NO_RELATION.search(first):
        return f"{first.rstrip('!.')}; 'SHOW ALL TABLES' lists the tables and their columns"
    return first
