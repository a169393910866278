"""Active selection: ask for the label of the template where it is the most informative."""

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
"""A K larger than the number of lines of any template."""


@dataclass
class Question:
    """A template of which another line could be labelled.

    Its share of anomalous lines has a Beta distribution, which is uniform before any label.

    Parameters
    ----------
    template_id : str
        The template.
    lines : int
        Its lines in the training period.
    normal, anomalous : float
        Labels of each class so far; fractions if an answer is only expected.
    waiting : deque of int
        Lines that can be asked for, distinct events first.
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
        """The value of one more label: expected reduction of the variance, times log frequency.

        The variance of Beta(a, b) is ab / ((a + b)^2 (a + b + 1)). One observation is expected to
        reduce it by a factor of (a + b) / (a + b + 1). The logarithm prevents a template of a
        million lines from outweighing a thousand rare ones.
        """
        count = self.normal + self.anomalous + 2
        variance = self.share * (1 - self.share) / (count + 1)
        return variance / (count + 1) * math.log1p(self.lines)


def most_useful(
    questions: Sequence[Question],
    at_most: int,
    answer: Callable[[int], bool | None] = lambda _: None,
) -> list[int]:
    """Return the lines to label, the most informative first; this uses up the questions.

    Parameters
    ----------
    questions : sequence of Question
        One per template.
    at_most : int
        Maximum number of lines.
    answer : callable, optional
        Returns whether a line is anomalous, so that each choice depends on the answers before it.
        If it returns None, the expected share is used instead.
    """
    heap = [(-question.value, question.template_id, question) for question in questions]
    heapq.heapify(heap)
    picked: list[int] = []
    while heap and len(picked) < at_most:
        _, template_id, question = heapq.heappop(heap)
        if not question.waiting:
            continue
        picked.append(question.waiting.popleft())
        label = answer(picked[-1])
        share = question.share if label is None else float(label)
        question.anomalous += share
        question.normal += 1 - share
        heapq.heappush(heap, (-question.value, template_id, question))
    return picked


def open_questions(
    warehouse: Warehouse, *, per_event: int = PER_EVENT, eligible: str = "TRUE"
) -> list[Question]:
    """Return a question per template, with its unlabelled lines.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with templates; its temporary table ``chosen_lines`` is replaced.
    per_event : int
        Maximum number of distinct messages of an event.
    eligible : str
        As for :func:`fame_sql.labels.selection.per_template.choose_lines`; trusted.

    Raises
    ------
    MissingStageError
        If there are no templates.
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
    """Add duplicates of the messages to the waiting lines, if every line has its own label.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse on which :func:`open_questions` has run.
    questions : sequence of Question
        Used up by :func:`most_useful`.
    at_most : int
        Maximum number of lines of a template, including those asked for already.
    eligible : str
        As for :func:`fame_sql.labels.selection.per_template.choose_lines`; trusted.
    """
    asked = set(warehouse.rows(sql.load("labels/lines_to_ask")))
    repeat_lines(warehouse, at_most, eligible)
    waiting = {question.template_id: question.waiting for question in questions}
    for template_id, log_id in warehouse.rows(sql.load("labels/lines_to_ask")):
        if (template_id, log_id) not in asked:
            waiting[template_id].append(log_id)


def choose_actively(warehouse: Warehouse, lines: int, *, per_event: int = PER_EVENT) -> None:
    """Fill ``chosen_lines`` with the lines whose labels are the most informative.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with templates, and perhaps with labels.
    lines : int
        Maximum number of lines; labelled lines are not chosen.
    per_event : int
        Maximum number of distinct messages of an event.
    """
    check_lines(lines)
    keep_lines(warehouse, most_useful(open_questions(warehouse, per_event=per_event), lines))


def check_lines(lines: int) -> None:
    """Refuse a number of lines below one."""
    if lines < 1:
        raise InputError(f"the number of lines to label is {lines}: use 1 or more")


def keep_lines(warehouse: Warehouse, log_ids: Sequence[int]) -> None:
    """Fill ``chosen_lines`` with these lines, in this order."""
    columns = {
        "log_id": pa.array(log_ids, pa.int64()),
        "nth": pa.array(range(1, len(log_ids) + 1), pa.int64()),
    }
    warehouse.with_table("picked_lines", pa.table(columns), sql.load("labels/keep_picked"))
