"""Two models side by side: what each was made of, and on which events their verdicts differ.

Verdicts are compared in sets, over those that are stored; what a model has not judged yet is judged
first, as any scoring is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fame_sql import models, sql
from fame_sql.console import Progress
from fame_sql.errors import InputError
from fame_sql.models import ModelRecord
from fame_sql.scoring.scoring import score_events
from fame_sql.verdict import statements
from fame_sql.warehouse.warehouse import Warehouse

TOP = 20
"""Events whose verdict changed that are shown, unless more are asked for."""

_FACTS = (
    "labelled_events",
    "anomalous_events",
    "domains",
    "experts",
    "max_false_alarms",
    "runtime",
)
_HELD_OUT = (
    "events",
    "precision",
    "recall",
    "average_precision",
    "false_alarms",
    "calibration_error",
)


@dataclass(frozen=True)
class Fact:
    """One thing that is known of both models.

    Parameters
    ----------
    name : str
        What it is.
    first, second : object
        What each model has; None where it is not recorded.
    """

    name: str
    first: object
    second: object


@dataclass(frozen=True)
class Comparison:
    """How two models differ.

    Parameters
    ----------
    first, second : str
        Their versions.
    facts : tuple of Fact
        What they were made of and their held-out errors; of settings, those that differ.
    domains : tuple of Fact
        The kind of each failure domain whose kind differs, or that only one of them has.
    unscored : tuple of int
        Events that the first, and the second, have not judged; they are not compared.
    totals : dict
        Over the events that both have judged: events and lines, those whose verdict or domain
        changed, the mean and the largest difference of scores.
    by_domain : tuple of dict
        The same by the second's domains.
    changed : tuple of dict
        The events whose verdict changed, with both scores, those of the most lines first.
    """

    first: str
    second: str
    facts: tuple[Fact, ...]
    domains: tuple[Fact, ...]
    unscored: tuple[int, int]
    totals: dict[str, Any]
    by_domain: tuple[dict[str, Any], ...]
    changed: tuple[dict[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return asdict(self)


def find_two(warehouse: Warehouse, first: str, second: str) -> tuple[ModelRecord, ModelRecord]:
    """Return two published models by their versions, or the first letters of them.

    Raises
    ------
    ModelError
        If one is not published, or more than one begins so.
    InputError
        If both are the same.
    """
    found = models.find(warehouse, first), models.find(warehouse, second)
    if found[0].model_version == found[1].model_version:
        raise InputError(
            f"{first!r} and {second!r} are the same model, {found[0].model_version}: name two "
            "that 'fame models list' shows"
        )
    return found


def unscored(warehouse: Warehouse, record: ModelRecord) -> int:
    """Return how many events a model has not judged."""
    parameters = {"model_version": record.model_version}
    return int(warehouse.rows(sql.load("scoring/pending"), parameters)[0][0])


def score_missing(
    warehouse: Warehouse, first: str, second: str, *, progress: Progress | None = None
) -> None:
    """Let both models judge the events that they have not judged, the older model first.

    Raises
    ------
    ModelError
        If a model is not published, cannot be trusted, or has other masks than the warehouse.
    WarehouseError
        If the disk has no room for the verdicts.
    """
    both = find_two(warehouse, first, second)
    for record in sorted(both, key=lambda record: record.created_at):
        if unscored(warehouse, record):
            score_events(warehouse, version=record.model_version, progress=progress)


def compare(warehouse: Warehouse, first: str, second: str, *, top: int = TOP) -> Comparison:
    """Compare two models by their facts and their stored verdicts, changing nothing.

    Parameters
    ----------
    warehouse : Warehouse
        Where both were published.
    first, second : str
        Their versions, or the first letters of them; what changed is told from first to second.
    top : int
        Events whose verdict changed that are returned, at most.

    Raises
    ------
    ModelError
        If one is not published.
    InputError
        If both are the same, or ``top`` is below 0.
    """
    if top < 0:
        raise InputError(f"{top} events cannot be shown: give 0 or more")
    a, b = find_two(warehouse, first, second)
    versions = {"first": a.model_version, "second": b.model_version}
    return Comparison(
        **versions,
        facts=tuple(_facts(a, b)),
        domains=tuple(_differing(models.read_kinds(a.folder), models.read_kinds(b.folder))),
        unscored=(unscored(warehouse, a), unscored(warehouse, b)),
        totals=warehouse.records(statements.load("scoring/compare_totals"), versions)[0],
        by_domain=tuple(warehouse.records(statements.load("scoring/compare_domains"), versions)),
        changed=tuple(
            warehouse.records(
                statements.load("scoring/compare_changed"), {**versions, "at_most": top}
            )
        ),
    )


def _facts(a: ModelRecord, b: ModelRecord) -> Iterator[Fact]:
    yield Fact("stage", a.stage, b.stage)
    yield Fact("made", str(a.created_at)[:19], str(b.created_at)[:19])
    yield Fact("bytes", models.size_of(a.folder), models.size_of(b.folder))
    for name in _FACTS:
        yield Fact(name, a.metrics.get(name), b.metrics.get(name))
    yield Fact("training_lines", _within(a, "split", "lines"), _within(b, "split", "lines"))
    yield Fact("parent", _within(a, "training", "parent"), _within(b, "training", "parent"))
    for part in ("known", "unseen"):
        for name in _HELD_OUT:
            path = ("held_out", part, name)
            yield Fact(f"held-out {part}: {name}", _within(a, *path), _within(b, *path))
    settings = a.metrics.get("config") or {}, b.metrics.get("config") or {}
    for fact in _differing(*settings):
        yield Fact(f"setting: {fact.name}", fact.first, fact.second)


def _within(record: ModelRecord, *path: str) -> Any:
    """Return what lies at a path in a model's metrics, None where an older one has none."""
    found: Any = record.metrics
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _differing(first: Mapping[str, object], second: Mapping[str, object]) -> Iterator[Fact]:
    for name in sorted({*first, *second}):
        if first.get(name) != second.get(name):
            yield Fact(name, first.get(name), second.get(name))
