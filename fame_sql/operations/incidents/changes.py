"""The stored changes of incidents, which alerts are made from."""

from __future__ import annotations

from typing import Any

from fame_sql import sql
from fame_sql.operations.incidents.incident import Change, Incident
from fame_sql.warehouse.warehouse import Warehouse


def changes_after(warehouse: Warehouse, number: int) -> list[tuple[int, Change]]:
    """Return the changes of incidents after one of them, each with its number.

    Whoever sends alerts keeps the number of the last change that it has dealt with, and gets all
    later ones again until then.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    number : int
        The last number that was dealt with; 0 for all changes.
    """
    rows = warehouse.records(sql.load("operations/incidents/changes"), {"number": number})
    return [(row["number"], _change(row)) for row in rows]


def last_number(warehouse: Warehouse) -> int:
    """Return the number of the last change; 0 if there is none."""
    return int(warehouse.value(sql.load("operations/incidents/last_number")))


def _change(row: dict[str, Any]) -> Change:
    facts = {
        name: row[name]
        for name in Incident.__dataclass_fields__
        if name not in ("domain", "templates", "examples", "summary")
    }
    incident = Incident(
        **facts,
        domain=row["domain"] or "",
        templates=tuple(row["templates"]),
        examples=tuple(row["examples"]),
        summary=summary(row),
    )
    return Change(incident, row["transition"], row["changed_at"])


def summary(row: dict[str, Any]) -> str:
    """Return what is wrong with which service and since when, in one sentence."""
    parts = [
        f"{row[name]:,} {words[row[name] != 1]}" for name, words in _COUNTED.items() if row[name]
    ]
    what = " and ".join(parts) or "no anomaly any more"
    where = f" of {row['service_name']}" if row["service_name"] else ""
    template = f": {row['templates'][0]}" if row["templates"] else ""
    return f"{what}{where} since {row['first_seen']:%Y-%m-%d %H:%M:%S}{template}"


_COUNTED = {
    "lines": ("anomalous line", "anomalous lines"),
    "counts": ("anomalous count", "anomalous counts"),
}
