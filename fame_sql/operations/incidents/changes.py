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
    """Return what is wrong and since when, in one sentence: what it is about comes first.

    People read the beginning of it on a telephone. The service stands beside it wherever it is
    shown.
    """
    worst = row["worst_count"] if row["counts"] and not row["lines"] else None
    if worst:
        more = row["counts"] - 1
        parts = [_of_count(worst), f"{more:,} more" if more else ""]
    else:
        parts = [_counted(row[name], *words) for name, words in _COUNTED.items()]
    what = " and ".join(filter(None, parts)) or "no anomaly any more"
    templates = [worst["template"]] if worst else row["templates"][:1]
    about = "".join(f"{template}: " for template in templates if template)
    return f"{about}{what} since {row['first_seen']:%Y-%m-%d %H:%M:%S}"


def _of_count(count: dict[str, Any]) -> str:
    """Return a count anomaly in words: how many lines came, and how many the past lets expect."""
    words = ("long gap", "long gaps") if count["anomaly"] == "delay" else ("line", "lines")
    came = f"{count['lines']:,} {words[count['lines'] != 1]}"
    expected = count["expected"] or 0
    shown = "less than 0.1" if 0 < expected < 0.1 else f"{round(expected, 1):g}"
    return f"{count['anomaly']} ({came}, {shown} expected)"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}" if number else ""


_COUNTED = {
    "lines": ("anomalous line", "anomalous lines"),
    "counts": ("anomalous count", "anomalous counts"),
}
