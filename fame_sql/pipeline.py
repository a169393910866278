"""Running every stage that is missing, and telling which are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.domains.store import partition_templates
from fame_sql.labels import PER_TEMPLATE, label_from_column
from fame_sql.scoring import ScoringReport, score_events
from fame_sql.students import StudentConfig
from fame_sql.templates import mine
from fame_sql.training import train_students
from fame_sql.warehouse import Warehouse


@dataclass(frozen=True)
class Status:
    """What a warehouse holds.

    Parameters
    ----------
    counts : dict
        Rows of each kind by name, in the order of the stages.
    model_version : str or None
        The champion.
    next_command : str
        What to run next.
    """

    counts: dict[str, Any]
    model_version: str | None
    next_command: str


def status(warehouse: Warehouse) -> Status:
    """Return what the warehouse holds and which stage comes next."""
    counts = warehouse.records(sql.load("status"))[0]
    version = counts.pop("model_version")
    return Status(counts, version, _next_command(counts, version))


def _next_command(counts: dict[str, Any], version: str | None) -> str:
    missing = (
        (counts["lines"] == 0, "fame ingest LOGFILE"),
        (counts["templates"] == 0, "fame mine"),
        (counts["labels"] == 0, "fame label"),
        (counts["domains"] == 0 or counts["templates_without_domain"] > 0, "fame domains"),
        (version is None, "fame train"),
        (counts["scored_events"] < counts["events"], "fame score"),
    )
    todo = (command for is_missing, command in missing if is_missing)
    return next(todo, 'fame query "SELECT * FROM anomalies"')


def compile_model(
    warehouse: Warehouse,
    *,
    fraction: float | None = None,
    per_template: int = PER_TEMPLATE,
    config: StudentConfig | None = None,
    progress: Progress | None = None,
    on_stage: Callable[[str, object], None] | None = None,
) -> ScoringReport:
    """Run every stage that is missing, from mining to scoring.

    A stage whose result is there is not run again; training is skipped where the champion
    learned from the same labels, domains, masks and split.

    Parameters
    ----------
    warehouse : Warehouse
        Where logs have been ingested.
    fraction : float, optional
        Mine anew with this training period; without it only if there are no templates yet.
    per_template : int
        K: at most so many lines of a template are labelled.
    config : StudentConfig, optional
        Sizes and seeds of the students.
    progress : Progress, optional
        Where to tell how far it is.
    on_stage : callable, optional
        Called with each stage's name and report when it has run.
    """
    progress = progress or SilentProgress()
    tell = on_stage or (lambda name, report: None)
    counts = status(warehouse).counts
    if fraction is not None or counts["templates"] == 0:
        split = 0.8 if fraction is None else fraction
        tell("mine", mine(warehouse, fraction=split, progress=progress))
    if status(warehouse).counts["labels"] == 0:
        tell("label", label_from_column(warehouse, per_template=per_template))
    if status(warehouse).next_command == "fame domains":
        tell("domains", partition_templates(warehouse))
    tell("train", train_students(warehouse, config=config, progress=progress))
    report = score_events(warehouse, progress=progress)
    tell("score", report)
    return report
