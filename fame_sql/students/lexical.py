"""The lexical head: logistic regression on the words and characters of a text.

A transformer trained from scratch on a few hundred events ranks texts of unseen templates worse
than this does (``docs/design/detection.md`` has the figures), so messages of unseen templates are
scored by their words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from fame_sql.errors import ModelError
from fame_sql.files import parse_json
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.fitting.balance import balance
from fame_sql.students.generations import numbered
from fame_sql.students.text_features import LENGTHS, WORD, FeatureSum, Letters, bare_word

Floats = npt.NDArray[np.float64]

WEIGHTS, FACTS = "lexical.safetensors", "lexical.json"

MAX_FEATURES = 30_000
REGULARISATION = 10.0


@dataclass(frozen=True)
class FeatureSet:
    """One set of features of a text, and their weights.

    Parameters
    ----------
    vocabulary : list of str
        The features, in the order of the columns; empty if no labelled text has any.
    weights : float64 array
        The inverse document frequency and the coefficient of each feature, shape [2, n].
    """

    vocabulary: list[str]
    weights: Floats


class LexicalHead:
    """Weights of words and characters; the log-odds of a text do not depend on other texts.

    Parameters
    ----------
    features : sequence of FeatureSet
        Words with punctuation, bare words, characters; empty if all labels were equal.
    intercept : float
        Log-odds of a text without known features.
    letters : str
        The letters of bare words.
    """

    def __init__(
        self, features: Sequence[FeatureSet], intercept: float, letters: Letters = "unicode"
    ) -> None:
        self.features = tuple(features)
        self.intercept = intercept
        self.letters = letters
        self._sums = [
            FeatureSum(settings.get("token_pattern"), part.vocabulary, *part.weights)
            for settings, part in zip(_settings(letters), features, strict=False)
            if part.vocabulary
        ]

    def log_odds(self, texts: Sequence[str]) -> Floats:
        """Return the log-odds of each text being anomalous, shape [n]; the threshold is 0."""
        total = np.full(len(texts), self.intercept)
        for each in self._sums:
            total += each.total(texts)
        return total

    def save(self, folder: Path, generation: int = 0) -> None:
        """Write ``lexical.safetensors`` and ``lexical.json`` into a folder.

        Parameters
        ----------
        folder : Path
            The folder.
        generation : int
            0 for the newest; the file names of an earlier one contain this number.
        """
        from safetensors.numpy import save

        tensors = {f"view{number}": part.weights for number, part in enumerate(self.features)}
        (folder / numbered(WEIGHTS, generation)).write_bytes(save(tensors))
        facts = {
            "intercept": self.intercept,
            "letters": self.letters,
            "vocabularies": [part.vocabulary for part in self.features],
        }
        path = folder / numbered(FACTS, generation)
        path.write_text(json.dumps(facts, ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path, generation: int = 0) -> LexicalHead:
        """Read what :meth:`save` wrote for a generation.

        Raises
        ------
        ModelError
            If a file is missing or cannot be read, or they do not fit each other.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            facts = parse_json((folder / numbered(FACTS, generation)).read_text("utf-8"))
            tensors = load((folder / numbered(WEIGHTS, generation)).read_bytes())
            features = [
                FeatureSet(vocabulary, tensors[f"view{number}"])
                for number, vocabulary in enumerate(facts["vocabularies"])
            ]
            if any(part.weights.shape != (2, len(part.vocabulary)) for part in features):
                raise ValueError("vocabulary and weights differ in length")
            letters = facts.get("letters", "ascii")
            if letters not in get_args(Letters):
                raise ValueError(f"letters {letters!r} are not known")
            return cls(features, float(facts["intercept"]), letters)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, SafetensorError) as error:
            raise ModelError(
                f"{folder / numbered(FACTS, generation)} cannot be read ({error}): "
                "train again with 'fame train --full'"
            ) from None


def fit_lexical(texts: Sequence[str], share: Floats) -> LexicalHead:
    """Fit the head on labelled texts, with equal weights of both classes.

    Parameters
    ----------
    texts : sequence of str
        Canonical texts of labelled events.
    share : float64 array
        Share of each event's labelled lines that are anomalous; a value between 0 and 1 counts
        in both classes. If all are equal, so are all scores.
    """
    if not share.max() or share.min() == 1:
        return LexicalHead((), 5.0 if share.max() else -5.0)
    read = [_read(settings, texts) for settings in _settings("unicode")]
    columns = [column for _, _, column in read]
    if not any(column.shape[1] for column in columns):
        return LexicalHead((), 0.0)
    coefficients, intercept = _regression(columns, share)
    ends = np.cumsum([column.shape[1] for column in columns])
    features = [
        FeatureSet(vocabulary, np.stack([idf, part]))
        for (vocabulary, idf, _), part in zip(read, np.split(coefficients, ends[:-1]), strict=True)
    ]
    return LexicalHead(features, intercept)


def lexical_log_odds(fitted: LabelledEvents, scored: Sequence[str]) -> Floats:
    """Return the log-odds of texts, [n], by a head that learned from some labelled events."""
    return fit_lexical(fitted.canonical, fitted.is_anomaly).log_odds(scored)


def _settings(letters: Letters) -> tuple[dict[str, Any], ...]:
    """Return the settings of the feature sets: words with punctuation, bare words, characters."""
    return (
        {"token_pattern": WORD, "ngram_range": (1, 2)},
        {"token_pattern": bare_word(letters), "ngram_range": (1, 2)},
        {"analyzer": "char_wb", "ngram_range": LENGTHS},
    )


def _read(settings: dict[str, Any], texts: Sequence[str]) -> tuple[list[str], Floats, Any]:
    """Return the vocabulary, inverse document frequencies and columns of one feature set."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, max_features=MAX_FEATURES, **settings)
    analyze = vectorizer.build_analyzer()
    if not any(analyze(text) for text in texts):
        return [], np.empty(0), csr_matrix((len(texts), 0))
    columns = vectorizer.fit_transform(texts)
    return vectorizer.get_feature_names_out().tolist(), vectorizer.idf_, columns


def _regression(columns: Sequence[Any], share: Floats) -> tuple[Floats, float]:
    """Return the coefficients of all columns, and the intercept."""
    from scipy.sparse import hstack
    from sklearn.linear_model import LogisticRegression

    anomalous, normal = np.flatnonzero(share > 0), np.flatnonzero(share < 1)
    rows = np.concatenate([anomalous, normal])
    truth = np.arange(len(rows)) < len(anomalous)
    part = np.concatenate([share[anomalous], 1 - share[normal]])
    weight = balance(share, np.ones(len(share)))
    model = LogisticRegression(C=REGULARISATION, max_iter=2000)
    model.fit(hstack(columns).tocsr()[rows], truth, sample_weight=part * weight[rows])
    return model.coef_[0], float(model.intercept_[0])
