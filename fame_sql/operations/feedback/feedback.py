"""Confirm and dismiss: what people say of what they were shown, and what follows from it.

A dismissal silences exactly what it names: the event of a line, a template, or of an incident each
template and kind of anomaly that it had, in its service. Both are labels of the next training, as
long as they hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.labels.counts import finish
from fame_sql.operations.feedback.named import Named
from fame_sql.warehouse.warehouse import Warehouse

EXPIRY = timedelta(days=14)
"""How long a dismissal holds unless set; the view feedback_periods has it too."""

_SCHEMA = pa.schema(
    [
        ("incident_id", pa.string()),
        ("log_id", pa.int64()),
        ("event_id", pa.int64()),
        ("template_id", pa.string()),
    ]
)


@dataclass(frozen=True)
class Said:
    """What a person says.

    Parameters
    ----------
    is_anomaly : bool
        True to confirm, False to dismiss.
    author, reason : str
        Who says it, and why.
    expires_at : datetime, optional
        When it ends, in UTC without a zone. By default a dismissal ends after :data:`EXPIRY`, and a
        confirmation when it is withdrawn.
    for_ever : bool
        Whether a dismissal never ends.
    """

    is_anomaly: bool
    author: str
    reason: str
    expires_at: datetime | None = None
    for_ever: bool = False


def give(warehouse: Warehouse, named: Sequence[Named], said: Said, now: datetime) -> set[Named]:
    """Store what a person says of things, and make labels of it.

    Parameters
    ----------
    warehouse : Warehouse
        Open for writing.
    named : sequence of Named
        What it is about.
    said : Said
        What is said.
    now : datetime
        The time, in UTC without a zone.

    Returns
    -------
    set of Named
        The incidents of which nothing is left, so that nothing was stored of them.

    Raises
    ------
    InputError
        If nothing is named, the author or the reason is missing, or the end is in the past.
    """
    _check(named, said, now)
    facts = {**asdict(said), "now": now}
    with warehouse.transaction():
        _run(warehouse, named, "give", facts)
        empty = _run(warehouse, named, "empty_incidents", {})
        complete_feedback(warehouse)
        learn_feedback(warehouse, now)
    return {Named(incident_id=incident_id) for (incident_id,) in empty}


def withdraw(
    warehouse: Warehouse, named: Sequence[Named], is_anomaly: bool, author: str, now: datetime
) -> None:
    """Take back what was said of things, with the labels that it left.

    Raises
    ------
    InputError
        If nothing of the kind was said of one of them.
    """
    word = "confirmed" if is_anomaly else "dismissed"
    with warehouse.transaction():
        for each in named:
            facts = {"now": now, "is_anomaly": is_anomaly, "author": author}
            [(withdrawn,)] = _run(warehouse, [each], "withdraw", facts)
            if not withdrawn:
                raise InputError(f"{each} has not been {word}: 'fame feedback list' lists what has")
        learn_feedback(warehouse, now)


def complete_feedback(warehouse: Warehouse) -> None:
    """Fill in what feedback that was given by SQL leaves out, inside the caller's transaction."""
    warehouse.connection.execute(sql.load("operations/feedback/complete"))


def learn_feedback(warehouse: Warehouse, now: datetime) -> None:
    """Make labels of the feedback that holds, inside the caller's transaction.

    The labels of feedback that holds no longer are deleted.
    """
    complete_feedback(warehouse)
    statement = sql.load("operations/feedback/in_force_by_event")
    warehouse.connection.execute(statement, {"now": now})
    for step in ("operations/feedback/learn", "labels/set_templates_of_labels"):
        warehouse.connection.execute(sql.load(step))
    finish(warehouse)


def list_feedback(warehouse: Warehouse, now: datetime) -> list[dict[str, Any]]:
    """Return all feedback, the newest first, with what it hides and what speaks against it."""
    return warehouse.records(sql.load("operations/feedback/list"), {"now": now})


def _check(named: Sequence[Named], said: Said, now: datetime) -> None:
    if not named:
        raise InputError("nothing is named: give an incident, the log_id of a line or --template")
    for name in ("author", "reason"):
        if not getattr(said, name).strip():
            raise InputError(f"the {name} is empty: say it with --{name}, for whoever comes later")
    if said.expires_at is not None and said.expires_at <= now:
        raise InputError(
            f"the end {said.expires_at:%Y-%m-%d %H:%M} UTC is not in the future: give a later one, "
            "or a time from now such as 14d"
        )
    if said.for_ever and said.expires_at is not None:
        raise InputError("an end and 'for ever' contradict each other: give one of them")


def _run(
    warehouse: Warehouse, named: Sequence[Named], step: str, facts: dict[str, object]
) -> list[tuple[Any, ...]]:
    """Run a statement on things; return its rows, of a change how many rows it changed."""
    table = pa.Table.from_pylist([asdict(each) for each in named], schema=_SCHEMA)
    warehouse.connection.register("named_things", table)
    try:
        statement = sql.load(f"operations/feedback/{step}")
        return warehouse.connection.execute(statement, facts or None).fetchall()
    finally:
        warehouse.connection.unregister("named_things")
