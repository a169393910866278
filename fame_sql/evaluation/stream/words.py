"""Words alone: fitted before the stream, or again after each block on labels spent in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fame_sql.evaluation.stream.replay import AnswerPlan, Replay, StreamedLine
from fame_sql.students.calibration.calibration import sigmoid
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.words.training import unseen_log_odds

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A canonical text, and the share of its labels that are anomalous."""

    canonical: str
    share: float


def word_scores(known: Sequence[LabelledText], texts: Sequence[str]) -> Floats:
    """Return the score of each text by the words head for the unseen, fitted on labelled texts."""
    distinct, zeros = sorted(set(texts)), np.zeros(len(known))
    labelled = LabelledEvents(
        canonical=[text.canonical for text in known],
        is_anomaly=np.array([text.share for text in known]),
        domain=zeros.astype(np.int64),
        weight=zeros + 1,
        calibration=zeros.astype(bool),
    )
    found = sigmoid(unseen_log_odds(labelled, distinct)).tolist()
    scores = dict(zip(distinct, found, strict=True))
    return np.array([scores[text] for text in texts])


def learned_scores(
    known: Sequence[LabelledText],
    texts: Sequence[str],
    lines: Sequence[StreamedLine],
    chosen: Sequence[int],
    delay: int,
) -> Floats:
    """Return scores of a words head that is fitted again after each block, without a look-up.

    Parameters
    ----------
    known : sequence of LabelledText
        Labelled before the stream.
    texts, lines : sequence
        The unseen lines in order, and their canonical texts.
    chosen : sequence of int
        The lines that are labelled in the stream.
    delay : int
        Blocks until a label is learned; at least one.
    """
    labels = [(lines[i].block + max(1, delay), i) for i in chosen]
    scores = np.empty(len(lines))
    blocks = np.array([line.block for line in lines])
    learned, current = -1, np.empty(0)
    for block in np.unique(blocks).tolist():
        due = [i for when, i in labels if when <= block]
        if len(due) != learned:
            learned = len(due)
            taught = [LabelledText(texts[i], float(lines[i].is_anomaly)) for i in due]
            current = word_scores([*known, *taught], texts)
        scores[blocks == block] = current[blocks == block]
    return scores


def _first_lines(lines: Sequence[StreamedLine], _: AnswerPlan, asked: Replay) -> list[int]:
    """Return the first line of each template that was asked about."""
    first: dict[str, int] = {}
    for place, line in enumerate(lines):
        first.setdefault(line.template_id, place)
    return sorted(first[name] for name in asked.answers)


def _random_lines(lines: Sequence[StreamedLine], plan: AnswerPlan, _: Replay) -> list[int]:
    random = np.random.default_rng(plan.seed)
    count = min(len(lines), plan.answers)
    return sorted(random.choice(len(lines), count, replace=False).tolist())


SAME_LINES = "words learn the same lines"

WITHOUT_LOOK_UP: dict[str, Callable[[Sequence[StreamedLine], AnswerPlan, Replay], list[int]]] = {
    SAME_LINES: _first_lines,
    "words learn random lines": _random_lines,
}
"""Other ways to spend labels in the stream: which lines are labelled, by the detector's name."""
