"""Precision-recall and calibration curves of every detector on one split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fame_sql.evaluation.metrics import ScoredLines, by_threshold
from fame_sql.evaluation.presentation.figures import Curve, Position, colours, figure, legend
from fame_sql.evaluation.study.claims import SUBJECT
from fame_sql.evaluation.study.summary import Key

_DRAWN = {"all": "All lines", "unseen": "Lines of unseen templates"}


def split_curves(groups: Mapping[Key, Sequence[ScoredLines]], split: str) -> str:
    """Return the figures of a split, with the first seed; fame is drawn on top, with a thick line.

    Parameters
    ----------
    groups : mapping
        From :func:`fame_sql.evaluation.study.summary.group_results`.
    split : str
        Name of the split.
    """
    shown = colours(key[1] for key in groups)
    parts = [f"<h3>Curves <small>first seed</small></h3><p>{legend(shown)}</p>"]
    for part, name in _DRAWN.items():
        first = {
            key[1]: seeds[0]
            for key, seeds in groups.items()
            if (key[0], key[2]) == (split, part) and len(seeds[0].score)
        }
        if first:
            parts.append(f"<p>{name}:</p>{_figures(first, shown)}")
    return "\n".join(parts)


def _figures(first: Mapping[str, ScoredLines], shown: Mapping[str, str]) -> str:
    ordered = sorted(first, key=lambda name: name == SUBJECT)
    ranked = [_curve(name, precision_recall(first[name]), shown) for name in ordered]
    calibrated = [_curve(name, reliability(first[name]), shown) for name in ordered]
    finds = any(curve.positions for curve in ranked)
    return (
        figure(ranked, "recall", "precision") if finds else "<p>No line is anomalous.</p>"
    ) + figure(calibrated, "score", "share that is anomalous", diagonal=True)


def _curve(name: str, positions: Sequence[Position], shown: Mapping[str, str]) -> Curve:
    return Curve(name, positions, shown[name], 3.0 if name == SUBJECT else 1.5)


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
