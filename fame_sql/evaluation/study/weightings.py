"""Weights of the test lines: equal for each line, each event or each alert category."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fame_sql.evaluation.metrics import Floats
from fame_sql.evaluation.study.trials import EvaluatedLines


def by_line(judged: EvaluatedLines) -> Floats:
    """Count every line once."""
    return judged.lines


def by_event(judged: EvaluatedLines) -> Floats:
    """Count every distinct event once; an event with both labels counts once for each."""
    key = judged.event_id * 2 + judged.is_anomaly
    _, place = np.unique(key, return_inverse=True)
    total = np.bincount(place, judged.lines)
    return np.asarray(judged.lines / total[place])


def by_category(judged: EvaluatedLines) -> Floats:
    """Count every alert category the same, with the total weight of the anomalous lines unchanged.

    Recall is then the mean over categories; normal lines count once each.
    """
    names = np.array([name or "" for name in judged.category.tolist()])
    weight = judged.lines.astype(np.float64)
    anomalous = judged.is_anomaly
    if not anomalous.any():
        return weight
    _, place = np.unique(names[anomalous], return_inverse=True)
    total = np.bincount(place, judged.lines[anomalous])
    each = total.sum() / len(total)
    weight[anomalous] = judged.lines[anomalous] / total[place] * each
    return weight


WEIGHTINGS: dict[str, Callable[[EvaluatedLines], Floats]] = {
    "lines": by_line,
    "distinct": by_event,
    "categories": by_category,
}
"""The weightings, by their name in 'fame evaluate --study --weighting'."""
