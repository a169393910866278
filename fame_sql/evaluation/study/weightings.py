"""What a judged line counts for: itself, its event, or its share of an alert category."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fame_sql.evaluation.metrics import Floats
from fame_sql.evaluation.study.trials import JudgedLines


def by_line(judged: JudgedLines) -> Floats:
    """Let every line count once."""
    return judged.lines


def by_event(judged: JudgedLines) -> Floats:
    """Let every distinct event count once as normal and once as anomalous, where it is both."""
    key = judged.event_id * 2 + judged.is_anomaly
    _, place = np.unique(key, return_inverse=True)
    total = np.bincount(place, judged.lines)
    return np.asarray(judged.lines / total[place])


def by_category(judged: JudgedLines) -> Floats:
    """Let every alert category count the same, and all of them what the anomalous lines do.

    Recall is then the mean over categories, and precision and average precision weigh the same
    normal lines against them.
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


WEIGHTINGS: dict[str, Callable[[JudgedLines], Floats]] = {
    "lines": by_line,
    "distinct": by_event,
    "categories": by_category,
}
"""What counts, by the name that 'fame evaluate --study --weighting' takes."""
