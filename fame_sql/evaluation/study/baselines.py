"""Cheap detectors, fitted on the same labels as the students, which must beat them.

Each takes a trial and returns a function from texts to scores in [0, 1]; a text is reported above
0.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.evaluation.study.trials import Trial
from fame_sql.models.jaccard import JaccardIndex
from fame_sql.models.novelty import words

Floats = npt.NDArray[np.float64]
Scorer = Callable[[Sequence[str]], Floats]


def majority(unseen: float) -> Callable[[Trial], Scorer]:
    """Return the detector that scores a text with the mean label of its template.

    Parameters
    ----------
    unseen : float
        The score of a text that no template matches: 0 for normal, 1 for anomalous.
    """

    def fit(trial: Trial) -> Scorer:
        shares: dict[str, list[float]] = {}
        for event in trial.labelled:
            shares.setdefault(event.template_id, []).append(event.share)
        mean = {template_id: float(np.mean(share)) for template_id, share in shares.items()}

        def score(texts: Sequence[str]) -> Floats:
            matched = [trial.templates.match(text) for text in texts]
            return np.array(
                [unseen if t is None else mean.get(t.template_id, unseen) for t in matched]
            )

        return score

    return fit


def new_event(trial: Trial) -> Scorer:
    """Report every event that was not labelled normal.

    The 'new events' detector of Landauer et al., Critical Review of Common Log Data Sets,
    2024, on distinct canonical texts.
    """
    normal = {event.canonical for event in trial.labelled if event.share <= 0.5}
    return lambda texts: np.array([float(text not in normal) for text in texts])


def nearest_neighbour(trial: Trial) -> Scorer:
    """Score a text with the label of the nearest labelled event, by Jaccard of their words.

    After LightAD's k-nearest neighbours with k = 1, Yu et al., ICSE 2024.
    """
    known = JaccardIndex(words(event.canonical) for event in trial.labelled)

    def share(text: str) -> float:
        number, _ = known.nearest(words(text)) or (0, 0.0)
        return trial.labelled[number].share

    return lambda texts: np.array([share(text) for text in texts])


def word_regression(trial: Trial) -> Scorer:
    """Fit logistic regression on single words and pairs of words."""
    return _regression(trial, _words_and_pairs())


def character_regression(trial: Trial) -> Scorer:
    """Fit logistic regression on words, pairs of words and 2 to 4 characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    of_characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    return _regression(trial, make_union(_words_and_pairs(), of_characters))


def _words_and_pairs() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"[^\s]+", sublinear_tf=True)


def _regression(trial: Trial, features: Any) -> Scorer:
    from sklearn.linear_model import LogisticRegression

    texts = [event.canonical for event in trial.labelled]
    truth = np.array([event.share > 0.5 for event in trial.labelled])
    if truth.all() or not truth.any():
        constant = float(truth.all())
        return lambda texts: np.full(len(texts), constant)
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=2000)
    model.fit(features.fit_transform(texts), truth)

    def score(texts: Sequence[str]) -> Floats:
        return np.asarray(model.predict_proba(features.transform(texts))[:, 1], dtype=np.float64)

    return score


BASELINES: dict[str, Callable[[Trial], Scorer]] = {
    "majority, unseen normal": majority(0.0),
    "majority, unseen anomalous": majority(1.0),
    "new event": new_event,
    "nearest neighbour": nearest_neighbour,
    "word regression": word_regression,
    "character regression": character_regression,
}
"""The cheap detectors that read the text, by name."""
