"""Tests of counts against the past of their service, written in SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fame_sql import sql
from fame_sql.warehouse.warehouse import Warehouse

_STEPS = ("exposures", "gaps", "candidates", "baseline", "tests")


def run_tests(warehouse: Warehouse, *, now: datetime, looking_back: bool = False) -> None:
    """Test the windows of the half minutes in the temporary table ``chosen_buckets``.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse, with counts that are up to date and the temporary tables of
        :func:`read_sessions`. The results are in the temporary table ``count_tests``.
    now : datetime
        The time, in UTC: windows that have not ended yet are left out.
    looking_back : bool
        Compare with all sessions more than fifteen minutes away, later ones too; else with the
        past alone.
    """
    run(warehouse, "tested", now=now)
    run(warehouse, "baselines", looking_back=looking_back)
    for step in _STEPS:
        run(warehouse, step)


def compare_between(
    warehouse: Warehouse,
    since: datetime,
    until: datetime,
    *,
    now: datetime,
    looking_back: bool = True,
) -> None:
    """Test all windows of a time range; the results are in the temporary table ``count_tests``.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse, with counts that are up to date.
    since, until : datetime
        The time range, in UTC.
    now, looking_back
        As for :func:`run_tests`.
    """
    run(warehouse, "sessions")
    run(warehouse, "choose_between", since=since, until=until)
    run_tests(warehouse, now=now, looking_back=looking_back)


def run(warehouse: Warehouse, step: str, **parameters: Any) -> None:
    """Run the statements of a file; only statements that have parameters get them."""
    for statement in sql.load(f"operations/counts/{step}").split(";\n"):
        given = {name: value for name, value in parameters.items() if f"${name}" in statement}
        if statement.strip():
            warehouse.connection.execute(statement, given or None)
