"""What waits for an answer, and what helps to answer it: examples and similar templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fame_sql import sql
from fame_sql.labels.by_people.exchange import write_csv
from fame_sql.warehouse.warehouse import Warehouse

Row = dict[str, Any]

EVERY = 2**62
"""A number of rows that no queue has."""

SHOWN = 3
"""How many examples and how many neighbours are shown for a template."""

_EXPORTED = (
    *("template_id", "template", "lines", "severity_number", "score", "suspicion"),
    *("first_seen", "last_seen", "example"),
)


def read_queue(warehouse: Warehouse, at_most: int = EVERY) -> list[Row]:
    """Return the templates that wait for an answer, the most suspicious first."""
    return warehouse.records(sql.load("labels/queue"), {"at_most": at_most})


def examples(warehouse: Warehouse, template_id: str, at_most: int = SHOWN) -> list[Row]:
    """Return messages of a provisional template: one of each of its earliest events."""
    facts = {"template_id": template_id, "at_most": at_most}
    return warehouse.records(sql.load("labels/queue_examples"), facts)


def neighbours(warehouse: Warehouse, template: str, at_most: int = SHOWN) -> list[Row]:
    """Return the labelled or answered templates whose words resemble a template's the most."""
    facts = {"template": template, "at_most": at_most}
    return warehouse.records(sql.load("labels/queue_neighbours"), facts)


def export_queue(warehouse: Warehouse, path: Path, at_most: int = EVERY) -> int:
    """Write the queue to a new CSV file with empty columns for answers.

    Returns
    -------
    int
        Number of templates written.

    Raises
    ------
    InputError
        If the file exists, since it may contain answers, or cannot be written.
    """
    rows = [
        {**{name: row[name] for name in _EXPORTED}, "label": "", "evidence": ""}
        for row in read_queue(warehouse, at_most)
    ]
    write_csv(path, rows, (*_EXPORTED, "label", "evidence"), "fame queue import")
    return len(rows)
