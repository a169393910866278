"""What a report reads: everything about an incident or a period, with the SQL of each answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fame_sql import sql
from fame_sql.console import PART, Progress, SilentProgress, Step
from fame_sql.errors import InputError
from fame_sql.forensics.differences import Sides
from fame_sql.forensics.line import explain, readable_champion
from fame_sql.forensics.report.asking import Asked, ask
from fame_sql.models.model import Model
from fame_sql.warehouse.progress import statement_progress
from fame_sql.warehouse.warehouse import Warehouse

SHOWN = 6
"""Incidents of a period that are shown with their lines."""
_BUCKETS = (1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
_MOST_BUCKETS = 72
_AROUND = timedelta(minutes=30)
_QUESTIONS, _INCIDENTS = 8, 2
"""Parts of the progress: one for each question, and some for the lines of incidents."""


@dataclass(frozen=True)
class IncidentPart:
    """An incident in a report.

    Parameters
    ----------
    incident : dict
        Its row of the view ``incidents``.
    events, counts, influencers : Asked
        Its lines by event, its count anomalies, and what concentrates it.
    neighbours : Asked
        Lines around its worst line; without rows if it has count anomalies alone.
    explanation : dict or None
        Why its worst line has its score.
    """

    incident: dict[str, Any]
    events: Asked
    counts: Asked
    influencers: Asked
    neighbours: Asked
    explanation: dict[str, Any] | None


@dataclass(frozen=True)
class Findings:
    """What is known of an incident or a period.

    Parameters
    ----------
    start, stop : datetime
        The period; of an incident, with some time before and after it.
    focus : dict or None
        The incident that the report is about.
    summary, timeline, incidents, fresh, changed, waiting, cost, model : Asked
        The answers, each with its SQL.
    parts : list of IncidentPart
        The incidents that are shown with their lines.
    minutes : int
        Length of a bucket of the timeline.
    """

    start: datetime
    stop: datetime
    focus: dict[str, Any] | None
    summary: Asked
    timeline: Asked
    incidents: Asked
    fresh: Asked
    changed: Asked
    waiting: Asked
    cost: Asked
    model: Asked
    parts: list[IncidentPart]
    minutes: int


def gather(
    warehouse: Warehouse,
    start: datetime,
    stop: datetime,
    focus: str | None = None,
    *,
    progress: Progress | None = None,
) -> Findings:
    """Return what is known of a period.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    start, stop : datetime
        The period, without its end.
    focus : str, optional
        The incident that the report is about; without it, about the period.
    progress : Progress, optional
        Where to report how far it is.
    """
    parts = _QUESTIONS + _INCIDENTS
    with (progress or SilentProgress()).step("reading the warehouse", parts * PART) as step:
        return _gathered(warehouse, start, stop, focus, step)


def _gathered(
    warehouse: Warehouse, start: datetime, stop: datetime, focus: str | None, step: Step
) -> Findings:
    span = stop - start
    minutes = bucket_minutes(span)
    before = Sides("time", (start - span, start), (start, stop))
    facts = {"start": start, "stop": stop, "minutes": minutes, **before.parameters()}

    def answer(name: str) -> Asked:
        with statement_progress(warehouse.connection, step):
            return ask(warehouse, name, facts)

    incidents = answer("report/incidents")
    named = [row for row in incidents.rows if row["incident_id"] == focus]
    shown = named or incidents.rows[:SHOWN]
    champion = readable_champion(warehouse) if shown else None
    return Findings(
        start=start,
        stop=stop,
        focus=named[0] if named else None,
        summary=answer("report/summary"),
        timeline=answer("report/timeline"),
        incidents=incidents,
        fresh=answer("report/first_seen"),
        changed=answer("differences"),
        waiting=answer("report/waiting"),
        cost=answer("report/cost"),
        model=answer("report/model"),
        parts=_parts(warehouse, champion, shown, step),
        minutes=minutes,
    )


def period_of(incident: dict[str, Any]) -> tuple[datetime, datetime]:
    """Return the period of a report on an incident: with as much time around it, within limits."""
    first, last = incident["first_seen"], incident["last_seen"]
    around = min(max(_AROUND, last - first), timedelta(days=1))
    return first - around, last + around


def whole_period(
    warehouse: Warehouse, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    """Return a period whose ends may be those of the log.

    Raises
    ------
    InputError
        If there are no lines, or the period ends before it begins.
    """
    [[first, last]] = warehouse.rows(sql.load("forensics/last_moment"))
    if first is None:
        raise InputError("there are no lines to report on: run 'fame ingest FILE' first")
    start, stop = since or first, until or last
    if stop <= start:
        raise InputError(
            f"the period from {start:%Y-%m-%dT%H:%M} to {stop:%Y-%m-%dT%H:%M} is empty; the lines "
            f"are from {first:%Y-%m-%dT%H:%M} to {last:%Y-%m-%dT%H:%M}"
        )
    return start, stop


def bucket_minutes(span: timedelta) -> int:
    """Return the smallest length of a bucket, in minutes, with which a chart has room for all."""
    needed = span.total_seconds() / 60 / _MOST_BUCKETS
    return next((minutes for minutes in _BUCKETS if minutes >= needed), _BUCKETS[-1])


def _parts(
    warehouse: Warehouse, champion: Model | None, shown: list[dict[str, Any]], step: Step
) -> list[IncidentPart]:
    found, left = [], _INCIDENTS * PART
    for incident in shown:
        found.append(_part(warehouse, champion, incident))
        step.advance(left // len(shown))
    step.advance(left % len(shown) if shown else left)
    return found


def _part(warehouse: Warehouse, champion: Model | None, incident: dict[str, Any]) -> IncidentPart:
    facts: dict[str, Any] = {"incident_id": incident["incident_id"]}
    events = ask(warehouse, "report/incident_events", facts)
    worst = events.rows[0]["log_id"] if events.rows and incident["lines"] else None
    explanation = None
    if worst is not None:
        [line] = warehouse.records(sql.load("forensics/line/facts"), {"log_id": worst})
        explanation = explain(warehouse, champion, line)
    return IncidentPart(
        incident,
        events,
        ask(warehouse, "report/incident_counts", facts),
        ask(warehouse, "report/influencers", facts),
        ask(warehouse, "report/neighbours", {"log_id": -1 if worst is None else worst}),
        explanation,
    )
