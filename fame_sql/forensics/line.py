"""One line with everything that is known of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from fame_sql import sql
from fame_sql.errors import FameError, InputError
from fame_sql.models.model import Model
from fame_sql.models.registry import load_champion
from fame_sql.warehouse.warehouse import Warehouse

_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Line:
    """A line and what is known of it.

    Parameters
    ----------
    facts : dict
        The line with its verdict, template and source.
    explanation : dict or None
        Why it has its score, as ``fame_explain`` returns it. ``words`` is empty if only what is
        stored could be read. None if it has no score.
    history : list of dict
        Lines of its template by day.
    neighbours : list of dict
        Rows of ``fame.neighbours``, with the line itself.
    incidents : list of dict
        The incidents that it belongs to.
    said : list of dict
        Labels, answers and feedback about it, the newest first.
    """

    facts: dict[str, Any]
    explanation: dict[str, Any] | None
    history: list[dict[str, Any]]
    neighbours: list[dict[str, Any]]
    incidents: list[dict[str, Any]]
    said: list[dict[str, Any]]


def read_line(warehouse: Warehouse, log_id: int, *, each_way: int = 5) -> Line:
    """Return a line with its explanation, history and neighbours.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    log_id : int
        The line.
    each_way : int
        Number of neighbours of each kind before and after it.

    Raises
    ------
    InputError
        If there is no such line.
    """
    found = warehouse.records(sql.load("forensics/line/facts"), {"log_id": min(log_id, _LARGEST)})
    if not found:
        raise InputError(
            f"there is no line {log_id}: a line's number is its log_id, as in 'fame query'"
        )
    facts = found[0]
    names = ("log_id", "event_id", "service_name", "template_id")
    wanted = {name: facts[name] for name in names}
    wanted["log_time"] = facts["timestamp"] or facts["observed_timestamp"]

    def read(statement: str, *columns: str) -> list[dict[str, Any]]:
        return warehouse.records(
            sql.load(f"forensics/line/{statement}"), {name: wanted[name] for name in columns}
        )

    return Line(
        facts=facts,
        explanation=explain(warehouse, readable_champion(warehouse), facts),
        history=read("history", "template_id"),
        neighbours=neighbours(warehouse, facts["log_id"], each_way=each_way),
        incidents=read("incidents", "event_id", "service_name", "log_time"),
        said=read("said", "log_id", "event_id", "template_id"),
    )


def neighbours(warehouse: Warehouse, log_id: int, *, each_way: int = 5) -> list[dict[str, Any]]:
    """Return a line and the nearest lines of its trace, service and host."""
    # The number of neighbours has to be a constant, which a parameter is not.
    statement = f"FROM fame.neighbours($log_id, each_way := {int(each_way)})"
    return warehouse.records(statement, {"log_id": log_id})


def readable_champion(warehouse: Warehouse) -> Model | None:
    """Return the champion, or None if its folder cannot be read."""
    try:
        return load_champion(warehouse)
    except FameError:
        return None


def explain(
    warehouse: Warehouse, model: Model | None, facts: dict[str, Any]
) -> dict[str, Any] | None:
    """Return why a line has its score: by the model, or without one what is stored.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    model : Model or None
        From :func:`readable_champion`.
    facts : dict
        The line, with ``score``, ``body`` and ``canonical``.
    """
    if facts["score"] is None or facts["body"] is None:
        return None
    if model is None:
        return _stored(warehouse, facts["body"])
    found = model.explain_message(facts["body"], facts["canonical"])
    words = [{"token": token, "weight": weight} for token, weight in found.words]
    return {**asdict(found), "words": words}


def _stored(warehouse: Warehouse, body: str) -> dict[str, Any] | None:
    stored = warehouse.value(sql.load("forensics/line/stored_explanation"), {"body": body})
    return None if stored is None else {**stored, "words": stored["words"] or []}
