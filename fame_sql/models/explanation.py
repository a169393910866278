"""Explanations from the numbers that decide: words, the nearest labelled example, the domain.

A word's weight starts as the effect of deleting it: the log-odds of the whole text less those
without the word, in the routing of the whole text. Deletions do not add up, for words share what
they say; what is missing is dealt to all words alike, so that base and weights sum to the log-odds.
That is the egalitarian non-separable contribution value of the words (Driessen and Funaki,
Coincidence of and collinearity between game theoretic solutions, OR Spektrum 1991): the order of
the weights is that of the deletions, and nothing is drawn at random.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fame_sql.errors import ModelError
from fame_sql.models.jaccard import JaccardIndex
from fame_sql.verdict.label_words import label_word

FILE = "examples.json"
LONGEST = 500
"""Characters of a labelled example that a model folder keeps."""

MOST = 128
"""Parts of a text that are weighed one by one: each takes a judgement of the whole without it."""


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What a model knows of a failure domain.

    Parameters
    ----------
    name, kind, description : str
        The domain; ``kind`` says which head judges it.
    normal_labels, anomalous_labels : int
        Labelled lines of its templates.
    """

    name: str
    kind: str
    description: str
    normal_labels: int
    anomalous_labels: int


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled event.

    Parameters
    ----------
    text : str
        Its canonical text, cut at 500 characters.
    label : str
        ``normal``, ``anomalous`` or ``both``.
    """

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """The labelled example that has the most words in common with a text.

    Parameters
    ----------
    message, label : str
        The example.
    distance : float
        One minus the Jaccard similarity of the words: 0 for the same ones, 1 for none.
    """

    message: str
    label: str
    distance: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a text has its score.

    Parameters
    ----------
    log_odds : float
        Of the score, 0 being the threshold; a score nearer to 0 or 1 than a millionth counts
        as that near.
    base : float
        The log-odds of no words at all, judged as the text is.
    words : list of (str, float)
        Each word of the canonical text with its weight, in order; of more than 128 words, all
        from the 128th on as one entry. Base and weights sum to the log-odds, but for the
        rounding of each to four digits.
    nearest : Nearest or None
        None where the model has no labelled example with a word in common.
    domain : DomainFacts
        The domain that it was judged in.
    """

    log_odds: float
    base: float
    words: list[tuple[str, float]]
    nearest: Nearest | None
    domain: DomainFacts


def weighed_parts(canonical: str) -> list[str]:
    """Return the words of a text, those that are too many to be weighed one by one as one part."""
    words = canonical.split()
    if len(words) <= MOST:
        return words
    return [*words[: MOST - 1], " ".join(words[MOST - 1 :])]


def contributions(
    whole: float, base: float, without: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the weight of each word or part; with the base they sum to ``whole``.

    Parameters
    ----------
    whole, base : float
        Log-odds of the text and of the empty text.
    without : float64 array
        [parts] log-odds of the text without the part.
    """
    effects = whole - without
    if not len(effects):
        return effects
    return np.asarray(effects + (whole - base - effects.sum()) / len(effects))


def label_of(share: float) -> str:
    """Return the label of an event by the share of its labelled lines that are anomalous."""
    return "both" if 0 < share < 1 else label_word(share == 1)


class Examples:
    """The labelled events that a model learned from, to find the one nearest to a text.

    Parameters
    ----------
    examples : sequence of Example
        In an order that never changes: of equally near ones the first is found.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = tuple(examples)
        self._known = JaccardIndex(set(example.text.split()) for example in self.examples)

    def nearest(self, canonical: str) -> Nearest | None:
        """Return the example nearest to a canonical text, None without a word in common."""
        found = self._known.nearest(set(canonical[:LONGEST].split()))
        if found is None:
            return None
        number, similarity = found
        example = self.examples[number]
        return Nearest(example.text, example.label, round(1 - similarity, 4) + 0.0)

    def save(self, folder: Path) -> None:
        """Write ``examples.json`` into a folder."""
        text = json.dumps([asdict(example) for example in self.examples], ensure_ascii=False)
        (folder / FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Examples:
        """Read what :meth:`save` wrote; none where the folder is of an older fame-sql.

        Raises
        ------
        ModelError
            If the file cannot be read.
        """
        path = folder / FILE
        if not path.exists():
            return cls(())
        try:
            return cls([Example(**row) for row in json.loads(path.read_text(encoding="utf-8"))])
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(
                f"{path} cannot be read ({error}): train anew with 'fame train'"
            ) from None
