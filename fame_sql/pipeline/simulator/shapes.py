"""The message shapes, and what decides the label of their lines.

The shapes are in ``simulator.csv``, and the fields that fill them in ``simulator_fields.csv``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Shape:
    """A message shape of the data centre, with what decides the label of its lines.

    Parameters
    ----------
    name, component : str
        Its name, and the service that writes it.
    levels : tuple of str
        Its log levels, with the same distribution for normal and anomalous lines.
    kind : str
        ``"normal"``, ``"anomalous"`` or ``"mixed"``.
    decides : str
        What decides a mixed shape: ``"word"``, ``"path"``, ``"exit status"``,
        ``"http status"`` or ``"percentage"``; empty for the others.
    normal, anomalous : tuple of str
        The values of ``{decides}`` that make a line normal or anomalous.
    category : str
        The label of its anomalous lines; empty if there are none.
    incident : str
        The family of incidents in whose bursts it occurs; empty for none.
    weight : int
        Its frequency relative to the others.
    era : str
        ``"always"``, or ``"late"`` if it first appears in the last fifth.
    template : str
        The message, with ``{fields}``.
    """

    name: str
    component: str
    levels: tuple[str, ...]
    kind: str
    decides: str
    normal: tuple[str, ...]
    anomalous: tuple[str, ...]
    category: str
    incident: str
    weight: int
    era: str
    template: str


def message_shapes() -> list[Shape]:
    """Return every message shape, in the order of the data file."""
    return [_shape(row) for row in table("simulator")]


def _shape(row: dict[str, str]) -> Shape:
    levels, normal, anomalous = (
        tuple(filter(None, row.pop(name).split("|"))) for name in ("levels", "normal", "anomalous")
    )
    weight = int(row.pop("weight"))
    return Shape(levels=levels, normal=normal, anomalous=anomalous, weight=weight, **row)


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file of the package's data."""
    text = files("fame_sql.pipeline.simulator").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
