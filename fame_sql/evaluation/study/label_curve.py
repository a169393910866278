"""F1 against lines labelled: K a template, an active choice and chance, on the same splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from pathlib import Path

import numpy as np

from fame_sql.console import Progress
from fame_sql.evaluation.metrics import Measured
from fame_sql.evaluation.report.figures import Curve, figure, legend
from fame_sql.evaluation.study.findings import Finding
from fame_sql.evaluation.study.study import StudyPlan, run_study
from fame_sql.evaluation.study.summary import gathered, measured, split_name
from fame_sql.labels import STRATEGIES

CURVE_DETECTORS = ("character regression", "fame")
_COLOURS = {"per-template": "#2a6ebb", "active": "#c4501b", "random": "#7a8794"}


@dataclass(frozen=True)
class Point:
    """What so many labels came to.

    Parameters
    ----------
    split, detector, strategy : str
        Which split was judged, by what, and how its labels were chosen.
    per_template : int
        K: every strategy spends as many lines as K a template does.
    labels : float
        Lines judged, averaged over seeds and folds.
    f1, average_precision : Measured
        Over all judged lines.
    """

    split: str
    detector: str
    strategy: str
    per_template: int
    labels: float
    f1: Measured
    average_precision: Measured

    @property
    def names(self) -> tuple[str, str, str, int]:
        """Split, detector, strategy and K."""
        return self.split, self.detector, self.strategy, self.per_template

    def to_dict(self) -> dict[str, object]:
        """Return plain values, for JSON."""
        return asdict(self)


def label_curve(
    warehouse: Path,
    folder: Path,
    plan: StudyPlan,
    each_k: Sequence[int],
    *,
    progress: Progress | None = None,
) -> list[Point]:
    """Run a plan with every K and every strategy, and return what each came to.

    Parameters
    ----------
    warehouse : Path
        A warehouse with labelled lines; it is only read.
    folder : Path
        Where findings are kept, those of the study among them.
    plan : StudyPlan
        Splits, seeds and detectors; its K and strategy are replaced.
    each_k : sequence of int
        The K to try.
    progress : Progress, optional
        Where to tell how far it is.
    """
    points: list[Point] = []
    for k in each_k:
        for strategy in STRATEGIES:
            tried = replace(plan, per_template=k, strategy=strategy)
            findings = run_study(warehouse, folder, tried, progress=progress)
            points += _points(findings, tried)
    return sorted(points, key=lambda point: point.names)


def _points(findings: Sequence[Finding], plan: StudyPlan) -> list[Point]:
    spent: dict[str, list[int]] = {}
    for finding in findings:
        spent.setdefault(split_name(finding), []).append(finding.labels)
    groups = {key: seeds for key, seeds in gathered(findings).items() if key[2] == "all"}
    return [
        Point(
            split,
            detector,
            plan.strategy,
            plan.per_template,
            float(np.mean(spent[split])),
            found["f1"],
            found["average_precision"],
        )
        for (split, detector, _), found in measured(groups).items()
    ]


def curve_html(points: Sequence[Point]) -> str:
    """Return a figure for each split and detector: F1 over lines labelled, by strategy."""
    parts = ["<h2>F1 against lines labelled</h2>", _legend()]
    for split, detector in dict.fromkeys((p.split, p.detector) for p in points):
        members = [p for p in points if (p.split, p.detector) == (split, detector)]
        parts.append(f"<h3>{escape(split)}, {escape(detector)}</h3>{_figure(members)}")
    return "\n".join(parts)


def _legend() -> str:
    return f"<p>{legend(_COLOURS)}; each spends what K lines a template come to.</p>"


def _figure(points: Sequence[Point]) -> str:
    most = max(point.labels for point in points)
    by_strategy = {s: [p for p in points if p.strategy == s] for s in _COLOURS}
    drawn = [
        Curve(strategy, [(p.labels, p.f1.value or 0.0) for p in members], _COLOURS[strategy], 2)
        for strategy, members in by_strategy.items()
    ]
    return figure(drawn, "lines labelled", "F1", most=most)
