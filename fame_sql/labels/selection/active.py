"""Which template's next event to ask for: the one whose label teaches the most."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.labels.selection.per_template import PER_EVENT, choose_lines, repeat_lines
from fame_sql.warehouse.warehouse import Warehouse

_EVERY_LINE = 2**31
"""A K that no template reaches."""


@dataclass
class Question:
    """A template of which another line could be judged.

    What share of it is anomalous is taken to be Beta-distributed, uniform before any label.

    Parameters
    ----------
    template_id : str
        The template.
    lines : int
        Its lines in the training period.
    normal, anomalous : float
        Labels of each kind so far; fractions where an answer is only expected.
    waiting : deque of int
        Lines that may be asked for, distinct events first.
    """

    template_id: str
    lines: int
    normal: float
    anomalous: float
    waiting: deque[int] = field(default_factory=deque)

    @property
    def share(self) -> float:
        """The expected share of anomalous lines."""
        return (self.anomalous + 1) / (self.normal + self.anomalous + 2)

    @property
    def value(self) -> float:
        """What one more label is worth: expected fall of the share's variance, by frequency.

        The variance of Beta(a, b) is ab / ((a + b)^2 (a + b + 1)), and one observation is
        expected to lower it by a factor of (a + b) / (a + b + 1). Frequency counts by its
        logarithm: a template of a million lines is not worth a thousand rare ones.
        """
        count = self.normal + self.anomalous + 2
        variance = self.share * (1 - self.share) / (count + 1)
        return variance / (count + 1) * math.log1p(self.lines)


def most_useful(
    questions: Sequence[Question],
    at_most: int,
    answer: Callable[[int], bool | None] = lambda _: None,
) -> list[int]:
    """Return the lines to judge, the most useful first; the questions are used up.

    Parameters
    ----------
    questions : sequence of Question
        One a template.
    at_most : int
        Lines, at most.
    answer : callable, optional
        Says whether a line is anomalous, so that each choice knows the answers before it;
        None where that is not known yet, and the expected share then stands for it.
    """
    heap = [(-question.value, question.template_id, question) for question in questions]
    heapq.heapify(heap)
    picked: list[int] = []
    while heap and len(picked) < at_most:
        _, template_id, question = heapq.heappop(heap)
        if not question.waiting:
            continue
        picked.append(question.waiting.popleft())
        said = answer(picked[-1])
        share = question.share if said is None else float(said)
        question.anomalous += share
        question.normal += 1 - share
        heapq.heappush(heap, (-question.value, template_id, question))
    return picked


def open_questions(
    warehouse: Warehouse, *, per_event: int = PER_EVENT, eligible: str = "TRUE"
) -> list[Question]:
    """Return a question for each template, with the lines of it that nobody has judged.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates have been mined; its temporary table ``chosen_lines`` is replaced.
    per_event : int
        At most so many distinct messages of one event.
    eligible : str
        As of :func:`fame_sql.labels.selection.per_template.choose_lines`, trusted.

    Raises
    ------
    MissingStageError
        If no template has been mined.
    """
    choose_lines(warehouse, _EVERY_LINE, per_event, eligible)
    rows = warehouse.rows(sql.load("labels/known_of_templates"))
    questions = {
        template_id: Question(template_id, lines=lines, normal=normal, anomalous=anomalous)
        for template_id, lines, normal, anomalous in rows
    }
    for template_id, log_id in warehouse.rows(sql.load("labels/lines_to_ask")):
        questions[template_id].waiting.append(log_id)
    return list(questions.values())


def reopen_questions(
    warehouse: Warehouse, questions: Sequence[Question], at_most: int, eligible: str
) -> None:
    """Let further lines of the messages wait, where each line has a label of its own.

    Parameters
    ----------
    warehouse : Warehouse
        Where :func:`open_questions` has run.
    questions : sequence of Question
        Used up by :func:`most_useful`.
    at_most : int
        Lines that have been asked for and that may be, of a template.
    eligible : str
        As of :func:`fame_sql.labels.selection.per_template.choose_lines`, trusted.
    """
    asked = set(warehouse.rows(sql.load("labels/lines_to_ask")))
    repeat_lines(warehouse, at_most, eligible)
    waiting = {question.template_id: question.waiting for question in questions}
    for template_id, log_id in warehouse.rows(sql.load("labels/lines_to_ask")):
        if (template_id, log_id) not in asked:
            waiting[template_id].append(log_id)


def choose_actively(warehouse: Warehouse, lines: int, *, per_event: int = PER_EVENT) -> None:
    """Make ``chosen_lines`` of the lines whose judgements would teach the most now.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates have been mined, and perhaps labelled.
    lines : int
        Lines, at most; those already judged are not among them.
    per_event : int
        At most so many distinct messages of one event.
    """
    check_lines(lines)
    keep_lines(warehouse, most_useful(open_questions(warehouse, per_event=per_event), lines))


def check_lines(lines: int) -> None:
    """Refuse a number of lines below one."""
    if lines < 1:
        raise InputError(f"{lines} lines cannot be judged: ask for at least 1")


def keep_lines(warehouse: Warehouse, log_ids: Sequence[int]) -> None:
    """Make ``chosen_lines`` of these lines, in this order."""
    columns = {
        "log_id": pa.array(log_ids, pa.int64()),
        "nth": pa.array(range(1, len(log_ids) + 1), pa.int64()),
    }
    warehouse.with_table("picked_lines", pa.table(columns), sql.load("labels/keep_picked"))
