"""Answers by a language model about each waiting template, once.

An answer decides all lines of its template, and the lines beside an example are anybody's. So each
example is read a second time without them, apart from the others.

Each answer is in the ledger when it arrives and in force right after, so that a run that was
stopped continues with the next template and pays for none twice. A request holds a template's
earliest messages with the lines beside them, what people have judged, and no counts, so that
further lines do not change it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fame_sql.console import Progress, SilentProgress
from fame_sql.labels.answers import GivenAnswer, give_answers
from fame_sql.labels.facts import Line, people_examples
from fame_sql.labels.judging import Judge
from fame_sql.labels.queue.questions import EVERY, examples, read_queue
from fame_sql.labels.readings import READINGS
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.request import Request
from fame_sql.verdict.label_words import Answer
from fame_sql.warehouse.warehouse import Warehouse

STAGE = "queue"


@dataclass(frozen=True)
class QueueAnswers:
    """What a language model answered in one run.

    Parameters
    ----------
    normal, anomalous, mixed : int
        Templates by answer.
    waiting : int
        Templates that still wait.
    """

    normal: int
    anomalous: int
    mixed: int
    waiting: int


def answer_queue(
    warehouse: Warehouse,
    model: LanguageModel,
    *,
    at_most: int = EVERY,
    readings: int = READINGS,
    progress: Progress | None = None,
) -> QueueAnswers:
    """Let a language model answer the queue, the most suspicious template first.

    It judges up to three messages of a template; where it does not judge them alike, the answer is
    mixed.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse whose events are scored.
    model : LanguageModel
        The model to ask.
    at_most : int
        Maximum number of templates.
    readings : int
        2 to read every example twice, 1 to read again only what contradicts its severity and words.
    progress : Progress, optional
        Receives the progress by templates.

    Raises
    ------
    LanguageModelError
        If the model cannot be reached or the budget is too small; the answers so far are kept.
    """
    waiting = read_queue(warehouse, at_most)
    if model.asks_ahead:
        model.prepare(preview_queue(warehouse, model, at_most=at_most, readings=readings))
    given: list[Answer] = []
    judge = Judge(model, STAGE, examples=people_examples(warehouse), twice=readings > 1)
    with (progress or SilentProgress()).step("asking about templates", len(waiting)) as step:
        for row in waiting:
            judged = judge.judge_all(_lines(warehouse, row["template_id"]))
            step.advance()
            if not judged:
                continue
            answer = _answer(row["template_id"], judged, judge.doubts, model.name)
            with warehouse.transaction():
                give_answers(warehouse, [answer])
            given.append(answer.label)
    left = len(read_queue(warehouse))
    counts = {label: given.count(label) for label in ("normal", "anomalous", "mixed")}
    return QueueAnswers(**counts, waiting=left)


def preview_queue(
    warehouse: Warehouse, model: LanguageModel, *, at_most: int = EVERY, readings: int = READINGS
) -> list[Request]:
    """Return the requests of :func:`answer_queue` that depend on no answer."""
    judge = Judge(model, STAGE, examples=people_examples(warehouse), twice=readings > 1)
    return [
        request
        for row in read_queue(warehouse, at_most)
        for request in judge.plan(_lines(warehouse, row["template_id"]))
    ]


def _lines(warehouse: Warehouse, template_id: str) -> list[Line]:
    """Return a template's examples without counts, which change with every further line."""
    found = examples(warehouse, template_id)
    return [{name: value for name, value in line.items() if name != "lines"} for line in found]


def _answer(
    template_id: str, judged: list[Line], doubts: Sequence[Line], author: str
) -> GivenAnswer:
    found = {line["is_anomaly"] for line in judged}
    label: Answer = "mixed" if len(found) > 1 else "anomalous" if True in found else "normal"
    doubted: dict[int, str] = {line["log_id"]: line["reason"] for line in doubts}
    reasons = dict.fromkeys(doubted.get(line["log_id"]) or line["evidence"] for line in judged)
    return GivenAnswer(template_id, label, author, "; ".join(reasons), "llm")
