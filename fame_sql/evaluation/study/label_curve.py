"""F1 against lines labelled, by the strategy that chooses them, on the same splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from fame_sql.console import Progress
from fame_sql.evaluation.metrics import Estimate
from fame_sql.evaluation.study.results import DetectorResult
from fame_sql.evaluation.study.study import StudyPlan, run_study
from fame_sql.evaluation.study.summary import group_results, measure_groups, split_name
from fame_sql.labels import STRATEGIES

CURVE_DETECTORS = ("character regression", "fame")


@dataclass(frozen=True)
class CurvePoint:
    """The results for one number of labels.

    Parameters
    ----------
    split, detector, strategy : str
        The split, the detector, and how its labels were chosen.
    per_template : int
        K: every strategy labels as many lines as K per template would.
    labels : float
        Lines labelled, averaged over seeds and folds.
    f1, average_precision : Estimate
        Over all test lines.
    """

    split: str
    detector: str
    strategy: str
    per_template: int
    labels: float
    f1: Estimate
    average_precision: Estimate

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
) -> list[CurvePoint]:
    """Run a plan with every K and every strategy, and return the results of each.

    Parameters
    ----------
    warehouse : Path
        A warehouse with labelled lines; it is only read.
    folder : Path
        The folder of results; those of an ordinary study are reused.
    plan : StudyPlan
        Splits, seeds and detectors; its K and strategy are replaced.
    each_k : sequence of int
        The K to try.
    progress : Progress, optional
        Where to report progress.
    """
    points: list[CurvePoint] = []
    for k in each_k:
        for strategy in STRATEGIES:
            tried = replace(plan, per_template=k, strategy=strategy)
            results = run_study(warehouse, folder, tried, progress=progress)
            points += _points(results, tried)
    return sorted(points, key=lambda point: point.names)


def _points(results: Sequence[DetectorResult], plan: StudyPlan) -> list[CurvePoint]:
    spent: dict[str, list[int]] = {}
    for result in results:
        spent.setdefault(split_name(result), []).append(result.labels)
    groups = {key: seeds for key, seeds in group_results(results).items() if key[2] == "all"}
    return [
        CurvePoint(
            split,
            detector,
            plan.strategy,
            plan.per_template,
            float(np.mean(spent[split])),
            found["f1"],
            found["average_precision"],
        )
        for (split, detector, _), found in measure_groups(groups).items()
    ]
