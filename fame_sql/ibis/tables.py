"""What investigators ask, as table expressions of ibis over the table functions of a warehouse."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TypeAlias

from ibis import Table
from ibis.backends.duckdb import Backend

from fame_sql.errors import InputError
from fame_sql.sql.quoting import literal

Moment: TypeAlias = datetime | date | str
"""A time in UTC; as text, such as ``"2025-03-10 02:00"``."""
Period: TypeAlias = tuple[Moment, Moment]
"""A range of time without its end."""


def anomalies(connection: Backend) -> Table:
    """Return the lines that are alerts, with their verdicts, as the view ``anomalies``."""
    return connection.table("anomalies", database="fame")


def incidents(connection: Backend) -> Table:
    """Return the incidents, as the view ``incidents``."""
    return connection.table("incidents", database="fame")


def timeline(
    connection: Backend, start: Moment, stop: Moment, bucket: timedelta = timedelta(minutes=5)
) -> Table:
    """Return lines, anomalies and the worst score by bucket, service and domain."""
    return _call(connection, "timeline", start, stop, bucket=bucket)


def first_seen(connection: Backend, start: Moment, stop: Moment) -> Table:
    """Return what is new: templates whose first line ever lies in a range of time."""
    return _call(connection, "first_seen", start, stop)


def neighbours(connection: Backend, line: int, each_way: int = 5) -> Table:
    """Return a line and the nearest lines of its trace, service and host.

    Parameters
    ----------
    connection : ibis.backends.duckdb.Backend
        Of :func:`fame_sql.ibis.connect`.
    line : int
        Its ``log_id``.
    each_way : int
        Number of neighbours of each kind before and after it.
    """
    return _call(connection, "neighbours", int(line), each_way=int(each_way))


def diff_patterns(
    connection: Backend, a: Period | str, b: Period | str, kind: str = "time"
) -> Table:
    """Return how much the share of each template differs between two sides.

    Parameters
    ----------
    connection : ibis.backends.duckdb.Backend
        Of :func:`fame_sql.ibis.connect`.
    a, b : (datetime, datetime) or str
        Ranges of time, or two names of ``kind``.
    kind : str
        ``"time"``, ``"service"``, ``"host"``, ``"source"``, ``"trace"`` or ``"release"``.

    Raises
    ------
    InputError
        If a side is no range of time where it has to be one, or no name.
    """
    for side in (a, b):
        if isinstance(side, str) == (kind == "time"):
            wanted = "(start, stop), such as ('2025-03-10', '2025-03-11')"
            raise InputError(f"{side!r} is no {wanted if kind == 'time' else f'name of a {kind}'}")
    if isinstance(a, str) or isinstance(b, str):
        bounds = (None, None, None, None)
        return _call(connection, "diff_patterns", *bounds, kind=kind, name_a=a, name_b=b)
    return _call(connection, "diff_patterns", *a, *b)


def template_values(connection: Backend, template_id: str) -> Table:
    """Return the values behind a template's wildcards."""
    return _call(connection, "template_values", template_id)


def rare_values(connection: Backend, template_id: str, at_most: float = 0.01) -> Table:
    """Return values behind a template's wildcards that are rare where others come again."""
    return _call(connection, "rare_values", template_id, at_most=float(at_most))


def co_occurring(
    connection: Backend, template_id: str, within: timedelta = timedelta(minutes=1)
) -> Table:
    """Return templates whose lines come in the same windows of time as those of a template."""
    return _call(connection, "co_occurring", template_id, within=within)


def compare_models(connection: Backend, first: str, second: str) -> Table:
    """Return the events on which the verdicts of two models differ."""
    return _call(connection, "compare_models", first, second)


def _call(connection: Backend, name: str, *values: object, **named: object) -> Table:
    arguments = [_written(value) for value in values]
    arguments += [f"{key} := {_written(value)}" for key, value in named.items()]
    return connection.sql(f"SELECT * FROM fame.{name}({', '.join(arguments)})")


def _written(value: object) -> str:
    """Return a value as an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, timedelta):
        return f"to_microseconds({value // timedelta(microseconds=1)})"
    if isinstance(value, int | float):
        return f"{value}"
    return literal(f"{value}")
