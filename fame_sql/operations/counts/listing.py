"""What is significant in the counts, for people to read."""

from __future__ import annotations

from datetime import datetime
from string import Template
from typing import Any

from fame_sql import sql
from fame_sql.operations.counts.testing import compare_between
from fame_sql.operations.counts.update import find
from fame_sql.warehouse.connection import utc_now
from fame_sql.warehouse.warehouse import Warehouse

COLUMNS = (
    *("service_name", "kind", "first_window", "last_window", "lines", "expected"),
    *("service_lines", "g", "p_value", "p_adjusted", "windows", "template_id", "template"),
)
"""The columns of a listing."""
_ALL = 2**31


def list_anomalies(
    warehouse: Warehouse,
    *,
    since: datetime = datetime.min,
    until: datetime = datetime.max,
    top: int = _ALL,
    looking_back: bool = False,
) -> list[dict[str, Any]]:
    """Return the anomalies of counts in a time range, the worst first.

    Windows of one template that overlap are one row.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse whose counts are up to date.
    since, until : datetime
        The time range, in UTC.
    top : int
        At most this many rows.
    looking_back : bool
        Compare each window with all sessions more than fifteen minutes away, later ones too,
        instead of reading what passes have found with the past alone.
    """
    relation = "fame.count_anomalies"
    if looking_back:
        compare_between(warehouse, since, until, now=utc_now())
        find(warehouse)
        relation = "findings"
    statement = Template(sql.load("operations/counts/listed")).safe_substitute(relation=relation)
    return warehouse.records(statement, {"since": since, "until": until, "top": top})
