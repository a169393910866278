"""Matching: assign the warehouse's templates to events that have none."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.templates.templates import TemplateSet, read_templates
from fame_sql.warehouse.lake.feed import collect_new_events
from fame_sql.warehouse.lake.kind import is_lake, load_for
from fame_sql.warehouse.warehouse import Warehouse

SLICE = 16_384
"""Number of events that are read and matched at once."""


def match_events(warehouse: Warehouse, *, progress: Progress | None = None) -> int:
    """Assign a template to each event that has none, if one matches.

    Only one slice of the events is in memory; outside a transaction each slice is committed.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with events and templates.
    progress : Progress, optional
        Receives the progress by events.

    Returns
    -------
    int
        The number of events that got a template.
    """
    known = read_templates(warehouse)
    if not known.templates:
        return 0
    if is_lake(warehouse.connection):
        collect_new_events(warehouse.connection)
    matched = match_collected(warehouse, known, progress)
    warehouse.connection.execute(sql.load("templates/recount"))
    return matched


def match_collected(
    warehouse: Warehouse, known: TemplateSet, progress: Progress | None = None
) -> int:
    """Match events, in a lake those of ``arrived_events``, and return how many got a template."""
    matched = 0
    connection = warehouse.connection
    slices = warehouse.rows(load_for(connection, "templates/slices"), {"most": SLICE})
    events = sum(events for _, _, events in slices)
    with (progress or SilentProgress()).step("matching events", events) as step:
        for first, last, _ in slices:
            bounds = {"first": first, "last": last}
            rows = warehouse.rows(load_for(connection, "templates/unmatched_slice"), bounds)
            matched += _assign(warehouse, known, rows)
            step.advance(len(rows))
    return matched


def recount_events(warehouse: Warehouse) -> None:
    """Bring the counts of templates up to date from those of their events."""
    warehouse.connection.execute(sql.load("templates/recount_events"))


def _assign(warehouse: Warehouse, known: TemplateSet, rows: list[tuple[int, str]]) -> int:
    """Assign templates to a slice of events, and return how many got one."""
    found = [(event_id, known.match(canonical)) for event_id, canonical in rows]
    matched = [(event_id, t.template_id) for event_id, t in found if t is not None]
    assign(warehouse, matched)
    return len(matched)


def assign(warehouse: Warehouse, matched: Sequence[tuple[int, str]]) -> None:
    """Store the template of each of some events."""
    if matched:
        table = pa.table(
            {
                "event_id": pa.array([event_id for event_id, _ in matched], pa.int64()),
                "template_id": [template_id for _, template_id in matched],
            }
        )
        warehouse.with_table(
            "matched_events", table, load_for(warehouse.connection, "templates/assign_events")
        )
