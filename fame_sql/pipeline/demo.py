"""The demonstration: every stage from a log to anomalies in SQL, for a first impression."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError
from fame_sql.evaluation import Evaluation, evaluate
from fame_sql.ingest import Hints, ingest_file
from fame_sql.labels import LabelReport, count_labels
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.pipeline.simulator import simulate
from fame_sql.warehouse.warehouse import Warehouse

QUERIES = tuple(" ".join(sql.load(name).split()) for name in sql.names("pipeline/demo/next"))
"""Queries to try next, each on one line; a test runs them."""


@dataclass(frozen=True)
class DemoReport:
    """The results of the demonstration.

    Parameters
    ----------
    warehouse : Path
        The warehouse.
    summary : dict
        Numbers of lines, distinct messages, canonical events and templates.
    labels : LabelReport
        The numbers of labels.
    domains : list of dict
        The failure domains with their kinds.
    evaluation : Evaluation or None
        The quality of the model on the later part of the log; None without labels there.
    worst : list of dict
        The ten lines of the later part with the highest scores.
    seconds : dict
        Duration of each stage.
    """

    warehouse: Path
    summary: dict[str, Any]
    labels: LabelReport
    domains: list[dict[str, Any]]
    evaluation: Evaluation | None
    worst: list[dict[str, Any]]
    seconds: dict[str, float]


def run_demo(
    warehouse: Path,
    *,
    data: Path | None = None,
    format: str = "auto",
    lines: int = 20_000,
    seed: int = 0,
    progress: Progress | None = None,
    on_stage: Callable[[str, float], None] | None = None,
) -> DemoReport:
    """Build a warehouse from a log and run every stage.

    Parameters
    ----------
    warehouse : Path
        The warehouse to build. One that an earlier demonstration built from the same log is
        continued.
    data : Path, optional
        A log with a label column; by default ``lines`` lines are simulated.
    format : str
        The format of its lines.
    lines, seed : int
        Size and seed of the simulation.
    progress : Progress, optional
        Receives the progress.
    on_stage : callable, optional
        Called with the name and the duration in seconds of each stage.
    """
    seconds: dict[str, float] = {}
    clock = _Clock(seconds, on_stage)
    progress = progress or SilentProgress()
    source = data or _simulated(warehouse, lines, seed, clock)
    with Warehouse.open(warehouse, create=True, external_access=True) as opened:
        _refuse_other_logs(opened, source)
        # The demonstration needs labels, and a log of one's own in JSON has them in this key.
        hints = Hints(label_key="label")
        ingest_file(opened, source, format=format, hints=hints, progress=progress)
        clock.lap("ingest")
        compile_model(opened, progress=progress, on_stage=lambda name, _: clock.lap(name))
        return _report(opened, seconds)


class _Clock:
    """Measures the duration of each stage."""

    def __init__(
        self, seconds: dict[str, float], on_stage: Callable[[str, float], None] | None
    ) -> None:
        self._seconds = seconds
        self._on_stage = on_stage
        self._since = time.monotonic()

    def lap(self, stage: str) -> None:
        now = time.monotonic()
        self._seconds[stage] = now - self._since
        self._since = now
        if self._on_stage is not None:
            self._on_stage(stage, self._seconds[stage])


def _simulated(warehouse: Path, lines: int, seed: int, clock: _Clock) -> Path:
    path = warehouse.with_name(f"{warehouse.stem}.simulated-{lines}-{seed}.log")
    if not path.exists():
        simulate(path, lines=lines, seed=seed)
    clock.lap("simulate")
    return path


def _refuse_other_logs(warehouse: Warehouse, source: Path) -> None:
    """Refuse a warehouse with the log of something else."""
    known = warehouse.rows("SELECT DISTINCT source_path FROM fame.ingests")
    others = [path for (path,) in known if Path(path).resolve() != source.resolve()]
    if others:
        raise InputError(
            f"{warehouse.path} contains other logs already ({others[0]}): name a new file with "
            f"--warehouse, or delete {warehouse.path}"
        )


def _report(warehouse: Warehouse, seconds: dict[str, float]) -> DemoReport:
    try:
        evaluation = evaluate(warehouse)
    except InputError:
        evaluation = None
    return DemoReport(
        warehouse=warehouse.path,
        summary=warehouse.records(sql.load("pipeline/demo/summary"))[0],
        labels=count_labels(warehouse),
        domains=warehouse.records(sql.load("pipeline/demo/domains")),
        evaluation=evaluation,
        worst=warehouse.records(sql.load("pipeline/demo/worst_lines"), {"at_most": 10}),
        seconds=seconds,
    )
