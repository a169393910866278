"""The incidents as people read them: a list, and one with its lines and what concentrates it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fame_sql import sql
from fame_sql.operations.feedback.named import find_incident
from fame_sql.warehouse.warehouse import Warehouse

NEIGHBOURS = 3
"""Lines of the same service that are shown before and after an incident."""


@dataclass(frozen=True)
class Shown:
    """An incident with what belongs to it.

    Parameters
    ----------
    incident : dict
        Its row of the view ``incidents``.
    changes : list of dict
        How it developed.
    counts : list of dict
        Its count anomalies, by template and kind.
    influencers : list of dict
        Rows of ``fame.influencers``.
    before, after : list of dict
        Lines of the service, from before its first and after its last line.
    lines : list of dict
        Its first lines.
    left : int
        How many of its lines are not shown.
    """

    incident: dict[str, Any]
    changes: list[dict[str, Any]]
    counts: list[dict[str, Any]]
    influencers: list[dict[str, Any]]
    before: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    after: list[dict[str, Any]]
    left: int


def list_incidents(
    warehouse: Warehouse, *, everything: bool = False, since: datetime | None = None
) -> list[dict[str, Any]]:
    """Return rows of the view ``incidents``, those that are not over first, then the worst.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    everything : bool
        Also those that are over, and those that dismissals cover.
    since : datetime, optional
        Only those that were seen at this time or later.
    """
    facts = {"everything": everything, "since": since}
    return warehouse.records(sql.load("operations/incidents/list"), facts)


def show_incident(warehouse: Warehouse, name: str, *, lines: int = 20) -> Shown:
    """Return an incident with its lines, their neighbours and what concentrates it.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    name : str
        The identifier of the incident, or the beginning of it.
    lines : int
        Return at most this many of its lines.

    Raises
    ------
    InputError
        If there is none, or more than one.
    """
    wanted = {"incident_id": find_incident(warehouse, name)}

    def read(statement: str, **facts: int) -> list[dict[str, Any]]:
        return warehouse.records(sql.load(f"operations/incidents/{statement}"), wanted | facts)

    [incident] = read("show")
    found = read("show_lines")
    return Shown(
        incident=incident,
        changes=read("show_changes"),
        counts=read("show_counts"),
        influencers=read("show_influencers"),
        before=read("show_before", neighbours=NEIGHBOURS),
        lines=found[:lines],
        after=read("show_after", neighbours=NEIGHBOURS),
        left=max(0, len(found) - lines),
    )
