"""Comparing two models: how each was trained, and on which events their verdicts differ.

Stored verdicts are compared in SQL; :func:`score_missing` scores what a model has not scored yet.
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
"""Default number of events with a changed verdict that are shown."""

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
    """One fact about both models.

    Parameters
    ----------
    name : str
        Its name.
    first, second : object
        The value of each model; None if it is not recorded.
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
        Training data, held-out errors, and the settings that differ.
    domains : tuple of Fact
        The kinds of failure domains that differ, or that only one of them has.
    unscored : tuple of int
        Events that the first and the second have not scored; they are not compared.
    totals : dict
        Over the events that both have scored: events and lines, those whose verdict or domain
        changed, the mean and the largest difference of scores.
    by_domain : tuple of dict
        The same by the domains of the second model.
    changed : tuple of dict
        The events whose verdict changed, with both scores; those with the most lines first.
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
        If one is not published, or a prefix is ambiguous.
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
    """Return the number of events that a model has not scored."""
    parameters = {"model_version": record.model_version}
    return int(warehouse.records(sql.load("scoring/pending"), parameters)[0]["events"])


def score_missing(
    warehouse: Warehouse, first: str, second: str, *, progress: Progress | None = None
) -> None:
    """Let both models score the events that they have not scored, the older model first.

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
        Their versions, or the first letters of them; changes go from the first to the second.
    top : int
        Maximum number of events with a changed verdict.

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
            first, second = (_within(model, "held_out", part, name) for model in (a, b))
            yield Fact(f"held-out {part}: {name}", first, second)
    for fact in _differing(a.metrics.get("config") or {}, b.metrics.get("config") or {}):
        yield Fact(f"setting: {fact.name}", fact.first, fact.second)


def _within(record: ModelRecord, *path: str) -> Any:
    """Return the value at a path in a model's metrics; None if an older model has none."""
    found: Any = record.metrics
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _differing(first: Mapping[str, object], second: Mapping[str, object]) -> Iterator[Fact]:
    for name in sorted({*first, *second}):
        if first.get(name) != second.get(name):
            yield Fact(name, first.get(name), second.get(name))
