"""What a language model is shown of an incident, and which lines it may name as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fame_sql import sql
from fame_sql.labels.injections import looks_like_an_order
from fame_sql.llm.prompts import Row
from fame_sql.operations.opinions.answers import Opinion
from fame_sql.warehouse.warehouse import Warehouse

LINES = 100
NEIGHBOURS = 20
_INCIDENT = (
    *("service_name", "domain", "anomaly", "severity", "state", "first_seen", "last_seen"),
    *("lines", "lines_to_read", "counts", "worst_score", "template", "known"),
)


@dataclass(frozen=True)
class Dossier:
    """The rows about an incident.

    Parameters
    ----------
    incident : dict
        Its row in ``incidents``.
    rows : list of dict
        What is sent: the incident (``i``), its templates (``t``), counts (``c``), history (``h``),
        lines (``l``) and the lines of its service around it (``n``).
    log_ids : dict
        The line of each id that may be evidence.
    orders : int
        Lines among them that read like orders to a language model.
    """

    incident: dict[str, Any]
    rows: list[Row]
    log_ids: dict[str, int]
    orders: int

    def faults(self, opinion: Opinion) -> list[str]:
        """Return the pieces of evidence that name no line that was sent."""
        invented = [i for i in dict.fromkeys(opinion.evidence) if i not in self.log_ids]
        if not invented:
            return []
        return [f"these ids of evidence name no line: {', '.join(invented[:10])}"]

    def evidence(self, opinion: Opinion) -> list[int]:
        """Return the lines that an opinion names."""
        return [self.log_ids[i] for i in dict.fromkeys(opinion.evidence)]


def gather(warehouse: Warehouse, incident: dict[str, Any], lines: int = LINES) -> Dossier:
    """Return what is shown of an incident.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse with the incident.
    incident : dict
        Its row in ``incidents``.
    lines : int
        Maximum number of its lines, those of distinct events first.
    """
    named = {name: incident[name] for name in ("incident_id",)}
    spans = {name: incident[name] for name in ("service_name", "first_seen", "last_seen")}
    past = {name: incident[name] for name in ("fingerprint", "incident_id", "first_seen")}
    own = _read(warehouse, "lines", {**named, "at_most": lines})
    around = _read(warehouse, "neighbours", {**spans, "at_most": NEIGHBOURS})
    rows: list[Row] = [{"id": "i1", **_facts(incident, _INCIDENT)}]
    rows += _numbered("t", _read(warehouse, "templates", named))
    rows += _numbered("c", _read(warehouse, "counts", named))
    rows += _numbered("h", _read(warehouse, "history", past))
    shown = [("l", own), ("n", around)]
    rows += [row for letter, found in shown for row in _numbered(letter, map(_line, found))]
    ids = {
        f"{letter}{number}": line["log_id"]
        for letter, found in shown
        for number, line in enumerate(found, 1)
    }
    orders = sum(looks_like_an_order(line["body"] or "") for line in (*own, *around))
    return Dossier(incident, rows, ids, orders)


def _read(warehouse: Warehouse, name: str, facts: dict[str, Any]) -> list[dict[str, Any]]:
    return warehouse.records(sql.load(f"operations/opinions/{name}"), facts)


def _numbered(letter: str, found: Any) -> list[Row]:
    rows = [_facts(row, tuple(row)) for row in found]
    return [{"id": f"{letter}{number}", **row} for number, row in enumerate(rows, 1)]


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "time": line["timestamp"] or line["observed_timestamp"],
        "host": line["host_name"],
        "severity": line["severity_text"],
        "message": line["body"],
    }


def _facts(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, object]:
    """Return facts as JSON has them, without those that are empty."""
    found = {name: row[name] for name in names if row[name] not in (None, "")}
    return {
        name: value.isoformat(" ", "seconds") if isinstance(value, datetime) else value
        for name, value in found.items()
    }
