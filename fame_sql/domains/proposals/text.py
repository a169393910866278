"""How near templates are to each other by their words: TF-IDF and its cosine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.domains.grouping import TemplateSummary, slug

Floats = npt.NDArray[np.float64]

SERVICE = "service:"
"""What marks a term as the name of a service, not a word of the text."""
_PLACEHOLDER = re.compile(r"<[A-Za-z*]+>")
_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]{2,}|[^\W\d_A-Za-z]{2,}")
_NO_TERM = ""
# Words of grammar and units; never such as "no", "not", "up" or "down", which say what happened.
_EMPTY_WORDS = frozenset(
    _WORD.findall(
        "a after all an and any are as at be because been before being between but by for from "
        "had has have in into is it its of on onto or over per so than that the their then there "
        "these this those through to towards under using via was were when where which while will "
        "with within ms us ns sec secs kb mb gb bytes"
    )
)


def terms(template: TemplateSummary) -> list[str]:
    """Return a template's words without placeholders, and its service as one more term.

    Words in camel case are taken apart, words of grammar left out. Never empty: what has no
    words has the empty term.
    """
    words = _WORD.findall(_PLACEHOLDER.sub(" ", template.template))
    service = slug(template.service_name or "")
    telling = [word for word in map(str.lower, words) if word not in _EMPTY_WORDS]
    return telling + ([SERVICE + service] if service else []) or [_NO_TERM]


def unit(vectors: Floats, least: float = 0.0) -> Floats:
    """Return vectors at length one; those no longer than ``least`` stay as they are."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > least, lengths, 1.0), dtype=np.float64)


@dataclass(frozen=True)
class TextSpace:
    """Templates as TF-IDF vectors of length one.

    Parameters
    ----------
    vocabulary : list of str
        The term of each column.
    vectors : scipy.sparse.csr_matrix, shape (templates, terms)
        One row for each template, in the order given.
    """

    vocabulary: list[str]
    vectors: Any

    @classmethod
    def of(cls, templates: Sequence[TemplateSummary]) -> TextSpace:
        """Return the space that these templates, at least one, span."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(analyzer=terms, sublinear_tf=True)
        vectors = vectorizer.fit_transform(templates)
        return cls([str(term) for term in vectorizer.get_feature_names_out()], vectors)

    def centroids(self, members: Sequence[Sequence[int]]) -> Floats:
        """Return the mean direction of groups of rows, of length one; zero for no rows.

        Parameters
        ----------
        members : sequence of sequences of int
            The rows of each group.

        Returns
        -------
        array, shape (groups, terms)
        """
        sums = [np.asarray(self.vectors[list(rows)].sum(axis=0)).ravel() for rows in members]
        stacked: Floats = np.vstack(sums)
        return unit(stacked)

    def similarities(self, rows: Sequence[int], centroids: Floats) -> Floats:
        """Return the cosine of each of these rows with each centroid, rounded.

        Rounding keeps the choice of the nearest the same where sums round differently.

        Returns
        -------
        array, shape (rows, groups)
        """
        return np.asarray((self.vectors[list(rows)] @ centroids.T).round(9), dtype=np.float64)
