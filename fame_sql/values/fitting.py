"""Fitting a value head to the labels of one template, and deciding whether it is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.canonical.parameters import KINDS, Kind, read_category, read_number, words_of
from fame_sql.values.head import SCALE, Bin, ValueHead, kept_log_odds

Floats = npt.NDArray[np.float64]

FEWEST = 3
"""Labels of each class without which nothing is fitted."""

FOLDS = 5
CATEGORIES = 16
"""A place with more distinct words than this has no categories."""

TRUSTED_AT = 10
"""Labels with which the values and the event's verdict count the same."""

_CLIP = 12.0
_SETTINGS = {
    "max_iter": 30,
    "learning_rate": 0.3,
    "max_leaf_nodes": 4,
    "min_samples_leaf": 2,
    "l2_regularization": 0.3,
    "interaction_cst": "no_interactions",
    "early_stopping": False,
    "random_state": 0,
}


@dataclass(frozen=True)
class LabelledMessages:
    """The labelled messages of one template.

    Parameters
    ----------
    messages : list of str
        The messages.
    anomalous : bool array
        Their labels.
    verdict : float64 array
        The score of each one's event by a model that has not seen its label.
    """

    messages: list[str]
    anomalous: npt.NDArray[np.bool_]
    verdict: Floats

    def where(self, chosen: npt.NDArray[np.intp]) -> LabelledMessages:
        """Return some of them."""
        return LabelledMessages(
            [self.messages[at] for at in chosen], self.anomalous[chosen], self.verdict[chosen]
        )


@dataclass(frozen=True)
class _Column:
    """A number at one place; or whether there is a category: 1 or 0."""

    place: int
    kind: Kind
    values: Floats
    category: str | None = None


def fit(template_id: str, labelled: LabelledMessages) -> ValueHead | None:
    """Fit a head, and return it if it is better than the event's own verdict.

    It has to have the lower log-loss on labels that it was not fitted to.

    Parameters
    ----------
    template_id : str
        The template.
    labelled : LabelledMessages
        Its labels.
    """
    if not has_enough(labelled.anomalous):
        return None
    held_out = np.zeros(len(labelled.messages))
    for fold in folds(labelled.anomalous):
        fitted = _fit(template_id, labelled.where(np.flatnonzero(~fold)))
        if fitted is None:
            return None
        for at in np.flatnonzero(fold):
            odds = fitted.log_odds(labelled.messages[at], labelled.verdict[at])
            held_out[at] = odds / SCALE
    truth = labelled.anomalous
    verdict = np.array([kept_log_odds(SCALE, score) / SCALE for score in labelled.verdict])
    if log_loss(held_out, truth) >= log_loss(verdict, truth):
        return None
    return _fit(template_id, labelled)


def log_loss(log_odds: Floats, truth: npt.NDArray[np.bool_]) -> float:
    """Return the mean log-loss of log-odds."""
    return float(np.mean(np.logaddexp(0, np.where(truth, -log_odds, log_odds))))


def has_enough(anomalous: npt.NDArray[np.bool_]) -> bool:
    """Return whether there are labels of both classes enough to fit a head."""
    return min(int(anomalous.sum()), int((~anomalous).sum())) >= FEWEST


def folds(anomalous: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.bool_]]:
    """Yield which labels are held out in each fold; both classes are spread evenly."""
    places = np.zeros(len(anomalous), dtype=np.int64)
    for kind in (False, True):
        here = np.flatnonzero(anomalous == kind)
        places[here] = np.arange(len(here)) % FOLDS
    for fold in range(FOLDS):
        if (places == fold).any():
            yield places == fold


def _fit(template_id: str, labelled: LabelledMessages) -> ValueHead | None:
    """Fit a head and shrink it to the event's verdict by the number of labels."""
    columns = list(_columns(labelled.messages))
    if not columns or not _has_both(labelled.anomalous):
        return None
    share = len(labelled.messages) / (len(labelled.messages) + TRUSTED_AT)
    intercept, tables = _boosted(columns, labelled.anomalous)
    found = [
        one
        for column, table in zip(columns, tables, strict=True)
        for one in _bins(column, table * share)
    ]
    bins = tuple(one for one in found if one.weight)
    if not bins:
        return None
    kept, start = round((1 - share) * SCALE), round(intercept * share * SCALE)
    return ValueHead(template_id, kept, start, bins)


def _has_both(anomalous: npt.NDArray[np.bool_]) -> bool:
    return bool(anomalous.any() and not anomalous.all())


def _columns(messages: Sequence[str]) -> Iterator[_Column]:
    """Yield what varies at each place of the messages."""
    words = [words_of(message) for message in messages]
    for place in range(min(map(len, words))):
        here = [row[place] for row in words]
        if len(set(here)) == 1:
            continue
        for kind in KINDS:
            read = _number if kind == "number" else _categories
            yield from read(place + 1, kind, here)


def _number(place: int, kind: Kind, words: Sequence[str]) -> Iterator[_Column]:
    numbers = [read_number(word) for word in words]
    values = np.array([np.nan if number is None else number for number in numbers])
    if len(np.unique(values[~np.isnan(values)])) > 1:
        yield _Column(place, kind, values)


def _categories(place: int, kind: Kind, words: Sequence[str]) -> Iterator[_Column]:
    read = [read_category(kind, word) for word in words]
    found = sorted({one for one in read if one is not None})
    if 1 < len(found) <= min(CATEGORIES, len(words) // 2):
        for category in found:
            yield _Column(place, kind, np.array([float(one == category) for one in read]), category)


def _boosted(
    columns: Sequence[_Column], anomalous: npt.NDArray[np.bool_]
) -> tuple[float, list[Floats]]:
    """Fit the additive model; return its intercept, and its value at each point of each column.

    The points are the distinct numbers, or 0 and 1. A model without interactions is a sum of
    functions of one column each, so each is read by moving one column from a fixed row. A number
    is weighed against the mean of the labels, a category against its absence.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = np.column_stack([column.values for column in columns])
    model: Any = HistGradientBoostingClassifier(**_SETTINGS)
    model.fit(rows, anomalous, sample_weight=_balance(anomalous))
    fixed = rows[0].copy()
    start = float(model.decision_function(fixed[None])[0])
    tables, intercept = [], start
    for at, column in enumerate(columns):
        points = _points(column)
        moved = np.repeat(fixed[None], len(points), axis=0)
        moved[:, at] = points
        effect = model.decision_function(moved) - start
        known = column.values[~np.isnan(column.values)]
        none = effect[0] if column.category else np.mean(effect[np.searchsorted(points, known)])
        intercept += float(none)
        tables.append(np.clip(effect - none, -_CLIP, _CLIP))
    return intercept, tables


def _balance(anomalous: npt.NDArray[np.bool_]) -> Floats:
    share = anomalous.mean()
    weights: Floats = np.where(anomalous, np.sqrt(0.5 / share), np.sqrt(0.5 / (1 - share)))
    return weights


def _points(column: _Column) -> Floats:
    points: Floats = np.unique(column.values[~np.isnan(column.values)])
    return points


def _bins(column: _Column, table: Floats) -> Iterator[Bin]:
    """Yield the bins of a column; neighbouring numbers with one weight share a bin."""
    weights = np.rint(table * SCALE).astype(int).tolist()
    if column.category is not None:
        yield Bin(column.place, column.kind, None, None, column.category, weights[1])
        return
    points = _points(column).tolist()
    low: float | None = None
    for at, weight in enumerate(weights):
        last = at + 1 == len(weights)
        if last or weights[at + 1] != weight:
            high = None if last else (points[at] + points[at + 1]) / 2
            yield Bin(column.place, column.kind, low, high, None, weight)
            low = high
