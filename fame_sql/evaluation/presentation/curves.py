"""Precision-recall and calibration curves of every detector on one split, as rows of charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fame_sql.evaluation.metrics import ScoredLines, by_threshold
from fame_sql.evaluation.study.claims import SUBJECT
from fame_sql.evaluation.study.summary import Key

Position = tuple[float, float]

_CLOSE = 0.004
"""Steps smaller than this are left out of a curve: nobody sees them."""


def first_seeds(
    groups: Mapping[Key, Sequence[ScoredLines]], split: str, part: str
) -> dict[str, ScoredLines]:
    """Return the first seed of each detector on a part of a split; fame last, to be on top."""
    found = {
        key[1]: seeds[0]
        for key, seeds in groups.items()
        if (key[0], key[2]) == (split, part) and len(seeds[0].score)
    }
    return dict(sorted(found.items(), key=lambda entry: entry[0] == SUBJECT))


def ranked_rows(first: Mapping[str, ScoredLines]) -> list[dict[str, Any]]:
    """Return rows of the chart ``precision_recall``; empty if no line is anomalous."""
    return [
        {"detector": name, "recall": recall, "precision": precision}
        for name, judged in first.items()
        for recall, precision in _thinned(precision_recall(judged))
    ]


def calibrated_rows(first: Mapping[str, ScoredLines]) -> list[dict[str, Any]]:
    """Return rows of the chart ``reliability``."""
    return [
        {"detector": name, "score": score, "share": share}
        for name, judged in first.items()
        for score, share in reliability(judged)
    ]


def precision_recall(judged: ScoredLines) -> list[Position]:
    """Return recall and precision as steps from the highest threshold; empty without anomalies.

    The area under the steps is the average precision.
    """
    hits, reported = by_threshold(judged)
    if not len(hits) or hits[-1] == 0:
        return []
    recall, precision = np.append(0.0, hits / hits[-1]), hits / reported
    across = np.column_stack((recall[:-1], recall[1:])).ravel()
    return list(zip(across.tolist(), np.repeat(precision, 2).tolist(), strict=True))


def reliability(judged: ScoredLines, bins: int = 10) -> list[Position]:
    """Return the mean score and the share of anomalous lines in each bin of scores.

    Parameters
    ----------
    judged : ScoredLines
        Scores and labels.
    bins : int
        Number of bins of equal width; empty ones are left out.
    """
    places = np.minimum((judged.score * bins).astype(int), bins - 1)
    lines = np.bincount(places, judged.lines, bins)
    score = np.bincount(places, judged.lines * judged.score, bins)
    truth = np.bincount(places, judged.lines * judged.is_anomaly, bins)
    return [(score[i] / lines[i], truth[i] / lines[i]) for i in range(bins) if lines[i]]


def _thinned(positions: Sequence[Position]) -> Iterator[Position]:
    last = None
    for place, position in enumerate(positions):
        is_far = (
            last is None or sum(abs(a - b) for a, b in zip(position, last, strict=True)) > _CLOSE
        )
        if is_far or place == len(positions) - 1:
            last = position
            yield position
