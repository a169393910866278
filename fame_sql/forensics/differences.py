"""How two periods, services, hosts, sources, traces or releases differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fame_sql import sql
from fame_sql.console import PART, Progress, SilentProgress
from fame_sql.errors import InputError
from fame_sql.warehouse.progress import statement_progress
from fame_sql.warehouse.warehouse import Warehouse

KINDS = ("time", "service", "host", "source", "trace", "release")
"""What two sides can differ in."""

Period = tuple[datetime, datetime]


@dataclass(frozen=True)
class Sides:
    """The two sides of a comparison.

    Parameters
    ----------
    by : str
        One of :data:`KINDS`.
    a, b : str or (datetime, datetime)
        Names, or for ``"time"`` periods that do not include their ends.
    """

    by: str
    a: str | Period
    b: str | Period

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the statement."""
        start_a, stop_a = self.a if isinstance(self.a, tuple) else (None, None)
        start_b, stop_b = self.b if isinstance(self.b, tuple) else (None, None)
        return {
            "by": self.by,
            "a": None if isinstance(self.a, tuple) else self.a,
            "b": None if isinstance(self.b, tuple) else self.b,
            "start_a": start_a,
            "stop_a": stop_a,
            "start_b": start_b,
            "stop_b": stop_b,
        }


def since(warehouse: Warehouse, moment: datetime) -> Sides:
    """Return the period from a moment to the last line, and the same span before it.

    Raises
    ------
    InputError
        If there is no line at the moment or later.
    """
    [[_, stop]] = warehouse.rows(sql.load("forensics/last_moment"))
    if stop is None or stop <= moment:
        last = (
            "there are no lines" if stop is None else f"the last line is of {stop:%Y-%m-%dT%H:%M}"
        )
        raise InputError(f"there is no line since {moment:%Y-%m-%dT%H:%M}: {last}")
    return Sides("time", (moment - (stop - moment), moment), (moment, stop))


def list_differences(
    warehouse: Warehouse, sides: Sides, *, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Return templates by how much they differ, with p-values corrected for their number.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    sides : Sides
        What is compared.
    progress : Progress, optional
        Where to report how far it is.

    Raises
    ------
    InputError
        If one of the sides has no line.
    """
    with (
        (progress or SilentProgress()).step("comparing templates", PART) as step,
        statement_progress(warehouse.connection, step),
    ):
        found = warehouse.records(sql.load("forensics/differences"), sides.parameters())
    for name, side in (("count_a", sides.a), ("count_b", sides.b)):
        if not any(row[name] for row in found):
            raise InputError(f"there is no line of {_named(sides.by, side)}: {_hint(sides.by)}")
    return found


def _named(by: str, side: str | Period) -> str:
    if isinstance(side, tuple):
        return f"the period {side[0]:%Y-%m-%dT%H:%M}..{side[1]:%Y-%m-%dT%H:%M}"
    return f"the {by} {side!r}"


def _hint(by: str) -> str:
    if by in ("service", "host", "source"):
        return f"'fame top --by {by}' lists them"
    return "'fame status' says from when to when there are lines" if by == "time" else "check it"
