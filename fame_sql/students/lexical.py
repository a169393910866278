"""The lexical head: logistic regression on the words and characters of a text.

A transformer trained from scratch on a few hundred events ranks texts of templates that it has
never seen worse than this does (``docs/design/detection.md`` has the figures), so what is unseen
is judged by what its words meant elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.errors import ModelError

Floats = npt.NDArray[np.float64]

WEIGHTS, FACTS = "lexical.safetensors", "lexical.json"

# Three views of a text: its words with their marks, its bare words, and its characters.
VIEWS: tuple[dict[str, Any], ...] = (
    {"token_pattern": r"[^\s]+", "ngram_range": (1, 2)},
    {"token_pattern": r"[a-z]{2,}|[0-9]+#*", "ngram_range": (1, 2)},
    {"analyzer": "char_wb", "ngram_range": (2, 4)},
)
MAX_FEATURES = 30_000
REGULARISATION = 10.0


@dataclass(frozen=True)
class View:
    """One view of a text: its features and what each weighs.

    Parameters
    ----------
    vocabulary : list of str
        The features, in the order of the columns.
    weights : float64 array
        Of each feature: its inverse document frequency, then its coefficient, shape [2, n].
    """

    vocabulary: list[str]
    weights: Floats


class LexicalHead:
    """Weights of words and characters; a text's log-odds do not depend on other texts.

    Parameters
    ----------
    views : sequence of View
        One for each of :data:`VIEWS`; none where the labels were all alike.
    intercept : float
        Log-odds of a text without any known feature.
    """

    def __init__(self, views: Sequence[View], intercept: float) -> None:
        self.views = tuple(views)
        self.intercept = intercept
        self._vectorizers = [
            _restored(settings, view) for settings, view in zip(VIEWS, views, strict=False)
        ]

    def log_odds(self, texts: Sequence[str]) -> Floats:
        """Return the log-odds of each text being anomalous, shape [n]; 0 is the decision line."""
        total = np.full(len(texts), self.intercept)
        if texts:
            for vectorizer, view in zip(self._vectorizers, self.views, strict=True):
                total += vectorizer.transform(texts) @ view.weights[1]
        return total

    def save(self, folder: Path, generation: int = 0) -> None:
        """Write its two files into a folder: ``lexical.safetensors`` and ``lexical.json``.

        Parameters
        ----------
        folder : Path
            The folder.
        generation : int
            0 for the newest; an earlier one gets this number in the names of its files.
        """
        from safetensors.numpy import save

        tensors = {f"view{number}": view.weights for number, view in enumerate(self.views)}
        (folder / _numbered(WEIGHTS, generation)).write_bytes(save(tensors))
        facts = {
            "intercept": self.intercept,
            "vocabularies": [view.vocabulary for view in self.views],
        }
        path = folder / _numbered(FACTS, generation)
        path.write_text(json.dumps(facts, ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path, generation: int = 0) -> LexicalHead:
        """Read what :meth:`save` wrote of a generation.

        Raises
        ------
        ModelError
            If a file is missing or cannot be read, or they do not fit each other.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            facts = json.loads((folder / _numbered(FACTS, generation)).read_text("utf-8"))
            tensors = load((folder / _numbered(WEIGHTS, generation)).read_bytes())
            views = [
                View(vocabulary, tensors[f"view{number}"])
                for number, vocabulary in enumerate(facts["vocabularies"])
            ]
            if any(view.weights.shape != (2, len(view.vocabulary)) for view in views):
                raise ValueError("vocabulary and weights differ in length")
            return cls(views, float(facts["intercept"]))
        except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
            raise ModelError(
                f"{folder / _numbered(FACTS, generation)} cannot be read ({error}): "
                "train anew with 'fame train'"
            ) from None


def _numbered(name: str, generation: int) -> str:
    """Put the number of an earlier generation into a file's name."""
    return name.replace(".", f"-{generation}.") if generation else name


def fit_lexical(texts: Sequence[str], share: Floats) -> LexicalHead:
    """Fit the head on labelled texts, both classes weighing the same.

    Parameters
    ----------
    texts : sequence of str
        Canonical texts of labelled events.
    share : float64 array
        Share of each event's labelled lines that are anomalous; one between 0 and 1 counts in
        both classes. If all are alike, so is every score.
    """
    if not share.max() or share.min() == 1:
        return LexicalHead((), 5.0 if share.max() else -5.0)
    vectorizers = [_untrained(settings) for settings in VIEWS]
    try:
        columns = [vectorizer.fit_transform(texts) for vectorizer in vectorizers]
    except ValueError:  # no text holds a word
        return LexicalHead((), 0.0)
    coefficients, intercept = _regression(columns, share)
    ends = np.cumsum([column.shape[1] for column in columns])
    views = [
        View(vectorizer.get_feature_names_out().tolist(), np.stack([vectorizer.idf_, part]))
        for vectorizer, part in zip(vectorizers, np.split(coefficients, ends[:-1]), strict=True)
    ]
    return LexicalHead(views, intercept)


def _regression(columns: Sequence[Any], share: Floats) -> tuple[Floats, float]:
    """Return the coefficients of all columns, and the intercept."""
    from scipy.sparse import hstack
    from sklearn.linear_model import LogisticRegression

    anomalous, normal = np.flatnonzero(share > 0), np.flatnonzero(share < 1)
    rows = np.concatenate([anomalous, normal])
    truth = np.arange(len(rows)) < len(anomalous)
    weight = np.concatenate([share[anomalous], 1 - share[normal]])
    model = LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=2000)
    model.fit(hstack(columns).tocsr()[rows], truth, sample_weight=weight)
    return model.coef_[0], float(model.intercept_[0])


def _untrained(settings: dict[str, Any]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, max_features=MAX_FEATURES, **settings)


def _restored(settings: dict[str, Any], view: View) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, vocabulary=view.vocabulary, **settings)
    vectorizer.idf_ = view.weights[0]
    return vectorizer
