"""Labelling by a language model: it reads a few lines of each template, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress, printable
from fame_sql.labels.counts import LabelReport, finish
from fame_sql.labels.selection.per_template import PER_EVENT, PER_TEMPLATE, choose_lines
from fame_sql.labels.selection.sequential import SequentialRule
from fame_sql.llm.answers import Judgement, LabelAnswer
from fame_sql.llm.failures import AnswerError
from fame_sql.llm.model import LanguageModel, covers, in_batches
from fame_sql.llm.prompts import LABEL, Row
from fame_sql.llm.request import Request
from fame_sql.warehouse.warehouse import Warehouse, utc_now

LINES_A_REQUEST = 50
_TOKENS_A_JUDGEMENT = 45
_UNREAD = "events.template_id IN (SELECT template_id FROM templates_to_read)"

Line = dict[str, Any]


@dataclass(frozen=True)
class LabelPlan:
    """What labelling would send.

    Parameters
    ----------
    requests : list of Request
        The first ones; what follows depends on their answers.
    lines : int
        Lines they hold.
    lines_at_most : int
        Lines that would be read if no template's first ones agreed.
    templates : int
        Templates that they are of.
    """

    requests: list[Request]
    lines: int
    lines_at_most: int
    templates: int

    def every_line(self, model: LanguageModel, lines: int) -> float | None:
        """Return about what it would cost to send so many lines in the same way, in USD."""
        if not self.lines:
            return None
        tokens_in = sum(request.tokens for request in self.requests) / self.lines
        tokens_out = sum(request.expected for request in self.requests) / self.lines
        return model.prices.cost(model.name, round(tokens_in * lines), round(tokens_out * lines))


def label_by_reading(
    warehouse: Warehouse,
    model: LanguageModel,
    *,
    per_template: int = PER_TEMPLATE,
    per_event: int = PER_EVENT,
    rule: SequentialRule | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> LabelReport:
    """Have a language model judge lines of the templates that nobody has judged.

    Every answer is in the ledger before the next request leaves, so a run that is stopped
    goes on where it was; the labels are stored together at the end. Labels of people and of
    the logs themselves win over a model's.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates have been mined.
    model : LanguageModel
        Who judges.
    per_template, per_event : int
        At most so many lines of a template, and distinct messages of one event.
    rule : SequentialRule, optional
        When a template's first lines are enough.
    again : bool
        Judge every template anew, also those that have labels.
    progress : Progress, optional
        Told of every line.

    Raises
    ------
    MissingStageError
        If no template has been mined.
    LanguageModelError
        If the model cannot be asked, or not within the budget.
    """
    lines = _lines(warehouse, per_template, per_event, again=again)
    first, others = _first_look(lines, rule or SequentialRule())
    with (progress or SilentProgress()).step("reading lines") as step:
        judged = _judge_all(model, first, step.advance)
        split = _disagreeing(judged)
        rest = [line for line in others if line["template_id"] in split]
        judged += _judge_all(model, rest, step.advance)
    with warehouse.transaction():
        _store(warehouse, judged, model.name)
        return finish(warehouse)


def plan_labels(
    warehouse: Warehouse,
    model: LanguageModel,
    *,
    per_template: int = PER_TEMPLATE,
    per_event: int = PER_EVENT,
    rule: SequentialRule | None = None,
    again: bool = False,
) -> LabelPlan:
    """Return what :func:`label_by_reading` would send first, without sending it."""
    lines = _lines(warehouse, per_template, per_event, again=again)
    first, _ = _first_look(lines, rule or SequentialRule())
    requests = [_request(model, batch) for batch in _batches(model, first)]
    return LabelPlan(requests, len(first), len(lines), len({x["template_id"] for x in lines}))


def _lines(warehouse: Warehouse, per_template: int, per_event: int, *, again: bool) -> list[Line]:
    """Return the lines that may be judged, at most K of each template to be read."""
    warehouse.connection.execute(sql.load("labels/unread_templates"), {"again": again})
    choose_lines(warehouse, per_template, per_event, _UNREAD)
    return warehouse.records(sql.load("labels/lines_to_read"))


def _first_look(lines: Sequence[Line], rule: SequentialRule) -> tuple[list[Line], list[Line]]:
    first: list[Line] = []
    others: list[Line] = []
    for _, group in groupby(lines, key=lambda line: line["template_id"]):
        members = list(group)
        look = rule.first_look(len(members))
        first += members[:look]
        others += members[look:]
    return first, others


def _disagreeing(judged: Sequence[Line]) -> set[str]:
    """Return the templates of which lines were judged both ways."""
    both = {
        kind: {line["template_id"] for line in judged if line["is_anomaly"] is kind}
        for kind in (True, False)
    }
    return both[True] & both[False]


def _row(number: int, line: Line) -> Row:
    facts = {
        "service": line["service_name"],
        "severity": line["severity_text"],
        "template": line["template"],
        "message": line["body"],
    }
    return {"id": f"l{number}", **{k: v for k, v in facts.items() if v}}


def _batches(model: LanguageModel, lines: Sequence[Line]) -> list[list[Line]]:
    rows = [_row(number, line) for number, line in enumerate(lines)]
    cut = in_batches(rows, model.window, _TOKENS_A_JUDGEMENT, LINES_A_REQUEST)
    sizes = [len(batch) for batch in cut]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return [list(lines[a : a + n]) for a, n in zip(starts, sizes, strict=True)]


def _request(model: LanguageModel, lines: Sequence[Line]) -> Request:
    rows = [_row(number, line) for number, line in enumerate(lines, 1)]
    expected = _TOKENS_A_JUDGEMENT * len(rows)
    return model.request("label", LABEL, rows, LabelAnswer, expected)


def _judge_all(model: LanguageModel, lines: Sequence[Line], advance: Any) -> list[Line]:
    judged: list[Line] = []
    for batch in _batches(model, lines):
        judged += _judge(model, batch)
        advance(len(batch))
    return judged


def _judge(model: LanguageModel, lines: Sequence[Line]) -> list[Line]:
    """Judge a batch; one that is answered badly twice is asked in halves."""
    ids = [f"l{number}" for number in range(1, len(lines) + 1)]

    def check(answer: LabelAnswer) -> list[str]:
        return covers((judgement.id for judgement in answer.judgements), ids)

    try:
        answer = model.ask(_request(model, lines), LabelAnswer, check)
    except AnswerError:
        if len(lines) == 1:
            raise
        half = len(lines) // 2
        return _judge(model, lines[:half]) + _judge(model, lines[half:])
    said = {judgement.id: judgement for judgement in answer.judgements}
    return [_judged(line, said[i]) for i, line in zip(ids, lines, strict=True)]


def _judged(line: Line, judgement: Judgement) -> Line:
    reason = printable(" ".join(judgement.reason.split()))[:300]
    return {**line, "is_anomaly": judgement.label == "anomalous", "evidence": reason}


def _store(warehouse: Warehouse, judged: Sequence[Line], author: str) -> None:
    """Put a model's judgements in the place of earlier ones of the same templates."""
    warehouse.connection.execute(sql.load("labels/delete_read"))
    if not judged:
        return
    columns = ("log_id", "event_id", "template_id", "is_anomaly", "evidence")
    rows = [{**{c: line[c] for c in columns}, "author": author} for line in judged]
    warehouse.with_table(
        "judged_lines",
        pa.Table.from_pylist(rows),
        sql.load("labels/add_from_model"),
        {"labelled_at": utc_now()},
    )
