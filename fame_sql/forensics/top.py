"""What fills a log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fame_sql import sql
from fame_sql.warehouse.warehouse import Warehouse

KINDS = ("template", "service", "host", "domain", "severity", "source")
"""What lines can be counted by."""


def list_top(
    warehouse: Warehouse,
    by: str = "template",
    *,
    at_most: int = 20,
    since: datetime | None = None,
    until: datetime | None = None,
    anomalous: bool = False,
) -> list[dict[str, Any]]:
    """Return the templates, services or hosts with most lines.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    by : str
        One of :data:`KINDS`.
    at_most : int
        Maximum number of rows.
    since, until : datetime, optional
        Count only lines with ``since <= timestamp < until``.
    anomalous : bool
        Order by anomalous lines, and leave out what has none.
    """
    wanted = {
        "by": by,
        "at_most": at_most,
        "since": since,
        "until": until,
        "anomalous": anomalous,
    }
    return warehouse.records(sql.load("forensics/top"), wanted)
