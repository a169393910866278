"""Similarity of templates by their words: cosine of TF-IDF vectors."""

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
"""Prefix of a term that is the name of a service, not a word of the text."""
_PLACEHOLDER = re.compile(r"<[A-Za-z*]+>")
_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]{2,}|[^\W\d_A-Za-z]{2,}")
_NO_TERM = ""
# Function words and units, but not "no", "not", "up" or "down", which describe what happened.
_STOP_WORDS = frozenset(
    _WORD.findall(
        "a after all an and any are as at be because been before being between but by for from "
        "had has have in into is it its of on onto or over per so than that the their then there "
        "these this those through to towards under using via was were when where which while will "
        "with within ms us ns sec secs kb mb gb bytes"
    )
)


def terms(template: TemplateSummary) -> list[str]:
    """Return a template's words without placeholders, and its service as one more term.

    Words in camel case are split and stop words are left out. A template without words has one
    empty term.
    """
    words = _WORD.findall(_PLACEHOLDER.sub(" ", template.template))
    service = slug(template.service_name or "")
    content = [word for word in map(str.lower, words) if word not in _STOP_WORDS]
    return content + ([SERVICE + service] if service else []) or [_NO_TERM]


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
        One row per template, in the given order.
    """

    vocabulary: list[str]
    vectors: Any

    @classmethod
    def of(cls, templates: Sequence[TemplateSummary]) -> TextSpace:
        """Return the space of these templates, of which there must be at least one."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(analyzer=terms, sublinear_tf=True)
        vectors = vectorizer.fit_transform(templates)
        return cls([str(term) for term in vectorizer.get_feature_names_out()], vectors)

    def centroids(self, members: Sequence[Sequence[int]]) -> Floats:
        """Return the mean direction of each group of rows as a unit vector; zero for no rows.

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

        Rounding makes the choice of the nearest the same on machines that sum differently.

        Returns
        -------
        array, shape (rows, groups)
        """
        return np.asarray((self.vectors[list(rows)] @ centroids.T).round(9), dtype=np.float64)
