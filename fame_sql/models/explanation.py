"""Explanations of a score: word weights, the nearest labelled example and the domain.

The weight of a word starts as the effect of its deletion: the log-odds of the whole text minus
those without the word, with the routing of the whole text. These effects do not sum to the
log-odds, because words overlap in meaning. The difference is distributed equally over all words,
so that base and weights sum to the log-odds. This is the egalitarian non-separable contribution
value (Driessen and Funaki, Coincidence of and collinearity between game theoretic solutions, OR
Spektrum 1991): it keeps the order of the deletion effects and involves no randomness.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fame_sql.errors import ModelError
from fame_sql.files import parse_json
from fame_sql.models.jaccard import JaccardIndex
from fame_sql.verdict.label_words import label_word

FILE = "examples.json"
LONGEST = 500
"""Maximum length of a labelled example in a model folder, in characters."""

MOST = 128
"""Maximum number of parts that get a weight each; a weight takes one more score of the text."""


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """The facts about a failure domain in a model.

    Parameters
    ----------
    name, kind, description : str
        The domain; ``kind`` determines which head judges it.
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
    """The labelled example that has most words in common with a text.

    Parameters
    ----------
    message, label : str
        The example.
    distance : float
        One minus the Jaccard similarity of the words: 0 for the same words, 1 for no common word.
    """

    message: str
    label: str
    distance: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of a score.

    Parameters
    ----------
    log_odds : float
        The log-odds of the score; 0 is the threshold. Scores are limited to [1e-6, 1 - 1e-6].
    base : float
        The log-odds of the empty text, judged in the same way.
    words : list of (str, float)
        Each word of the canonical text with its weight, in order. If there are more than 128
        words, those from the 128th on are one entry. Base and weights sum to the log-odds, except
        for the rounding of each to four digits.
    nearest : Nearest or None
        None if no labelled example has a word in common.
    domain : DomainFacts
        The domain in which it was judged.
    """

    log_odds: float
    base: float
    words: list[tuple[str, float]]
    nearest: Nearest | None
    domain: DomainFacts


def weighed_parts(canonical: str) -> list[str]:
    """Return the words of a text; those beyond the limit form one part."""
    words = canonical.split()
    if len(words) <= MOST:
        return words
    return [*words[: MOST - 1], " ".join(words[MOST - 1 :])]


def contributions(
    whole: float, base: float, without: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the weight of each part; together with the base they sum to ``whole``.

    Parameters
    ----------
    whole, base : float
        Log-odds of the text and of the empty text.
    without : float64 array
        [parts] log-odds of the text without each part.
    """
    effects = whole - without
    if not len(effects):
        return effects
    return np.asarray(effects + (whole - base - effects.sum()) / len(effects))


def label_of(share: float) -> str:
    """Return the label of an event from the share of its labelled lines that are anomalous."""
    return "both" if 0 < share < 1 else label_word(share == 1)


class Examples:
    """The labelled events of a training, to find the one nearest to a text.

    Parameters
    ----------
    examples : sequence of Example
        In a fixed order: the first of several equally near examples is returned.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = tuple(examples)
        self._known = JaccardIndex(set(example.text.split()) for example in self.examples)

    def nearest(self, canonical: str) -> Nearest | None:
        """Return the example nearest to a canonical text; None if no word is in common."""
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
        """Read what :meth:`save` wrote; empty if an older fame-sql wrote the folder.

        Raises
        ------
        ModelError
            If the file cannot be read.
        """
        path = folder / FILE
        if not path.exists():
            return cls(())
        try:
            return cls([Example(**row) for row in parse_json(path.read_text(encoding="utf-8"))])
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{path} cannot be read ({error}): run 'fame train' to train a new model"
            ) from None
