"""Replaying lines of unseen templates in order, with a person who answers some of the questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fame_sql.errors import InputError
from fame_sql.labels.suspicion import suspicion
from fame_sql.verdict import decided_by
from fame_sql.verdict.label_words import Answer


@dataclass(frozen=True, slots=True)
class StreamedLine:
    """A line of an unseen template.

    Parameters
    ----------
    template_id : str
        Its provisional template.
    score : float
        How anomalous it is by its words alone.
    severity : int
        Its severity number, 0 without one.
    is_anomaly : bool
        The truth, which only an answer can learn, and only from lines before it.
    block : int
        The block of time, from 0.
    """

    template_id: str
    score: float
    severity: int
    is_anomaly: bool
    block: int


@dataclass(frozen=True)
class AnswerPlan:
    """How many questions are answered, when, and how well.

    Parameters
    ----------
    answers : int
        Maximum number of answers.
    delay : int
        With 0 an answer is in force for the next line. Otherwise what waits at the end of a block
        is asked, and the answer is in force this many blocks later: with 1, from the next block on.
    wrong : float
        Share of the answers that are wrong, at random.
    seed : int
        Seed of the wrong answers.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    answers: int
    delay: int = 0
    wrong: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.answers < 0 or self.delay < 0 or not 0 <= self.wrong <= 1:
            raise InputError(
                f"answers and delay must be at least 0 and the share of wrong answers between 0 "
                f"and 1, not {self.answers}, {self.delay} and {self.wrong}"
            )


@dataclass(frozen=True)
class Replay:
    """What a replay found.

    Parameters
    ----------
    score : float64 array
        The score of each line at the time it came: an answer's, or by its words.
    answered : bool array
        Whether it was an answer's.
    answers : dict of str to str
        The answers given, by template, in order.
    templates : int
        The unseen templates of the lines.
    """

    score: npt.NDArray[np.float64]
    answered: npt.NDArray[np.bool_]
    answers: dict[str, Answer]
    templates: int


@dataclass
class _Question:
    """What is known of a template so far."""

    lines: int = 0
    anomalies: int = 0
    score: float = 0.0
    severity: int = 0

    def add(self, line: StreamedLine) -> None:
        self.lines += 1
        self.anomalies += line.is_anomaly
        self.score = max(self.score, line.score)
        self.severity = max(self.severity, line.severity)

    @property
    def suspicion(self) -> float:
        return suspicion(self.score, self.severity, self.lines)

    @property
    def truth(self) -> Answer:
        """What a person says who sees the lines so far."""
        if not self.anomalies:
            return "normal"
        return "anomalous" if self.anomalies == self.lines else "mixed"


@dataclass
class _Desk:
    """The questions that wait, and the person who answers them."""

    plan: AnswerPlan
    questions: dict[str, _Question] = field(default_factory=dict)
    given: dict[str, Answer] = field(default_factory=dict)
    in_force: dict[str, Answer] = field(default_factory=dict)
    coming: list[tuple[int, str]] = field(default_factory=list)
    random: np.random.Generator = field(default_factory=np.random.default_rng)

    def ask(self, names: Sequence[str]) -> list[str]:
        """Answer the most suspicious of some templates, while answers are left."""
        open_ = [name for name in names if name not in self.given]
        ranked = sorted(open_, key=lambda name: (-self.questions[name].suspicion, name))
        asked = ranked[: self.plan.answers - len(self.given)]
        for name in asked:
            self.given[name] = self._answer(self.questions[name].truth)
        return asked

    def _answer(self, truth: Answer) -> Answer:
        if truth == "mixed" or self.random.random() >= self.plan.wrong:
            return truth
        return "normal" if truth == "anomalous" else "anomalous"

    def end_block(self, block: int) -> None:
        """Ask what waits at the end of a block, and put in force what is due after it."""
        if self.plan.delay:
            asked = self.ask(list(self.questions))
            self.coming += [(block + self.plan.delay, name) for name in asked]
        due = [name for when, name in self.coming if when <= block + 1]
        self.in_force |= {name: self.given[name] for name in due}
        self.coming = [(when, name) for when, name in self.coming if when > block + 1]


def replay(lines: Sequence[StreamedLine], plan: AnswerPlan) -> Replay:
    """Replay lines in the order of time.

    A line is scored by the answer in force about its template, and by its words without one. Only
    then is it seen by whoever answers, so that the first line of a template is never answered.

    Parameters
    ----------
    lines : sequence of StreamedLine
        The lines of unseen templates, in order.
    plan : AnswerPlan
        Who answers what and when.
    """
    desk = _Desk(plan, random=np.random.default_rng(plan.seed))
    scores, answered = np.empty(len(lines)), np.zeros(len(lines), dtype=bool)
    block = 0
    for place, line in enumerate(lines):
        for ended in range(block, line.block):
            desk.end_block(ended)
        block = line.block
        decided = decided_by(desk.in_force.get(line.template_id))
        answered[place] = "score" in decided
        scores[place] = decided.get("score", line.score)
        desk.questions.setdefault(line.template_id, _Question()).add(line)
        if not plan.delay:
            desk.in_force |= {name: desk.given[name] for name in desk.ask([line.template_id])}
    return Replay(scores, answered, desk.given, len(desk.questions))
