"""Labelling by a language model, which judges a few lines of each template with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.labels.answers import learn_answers
from fame_sql.labels.counts import LabelReport, finish
from fame_sql.labels.facts import Line, people_examples, with_values
from fame_sql.labels.judging import Judge
from fame_sql.labels.readings import READINGS
from fame_sql.labels.selection.per_template import PER_EVENT, PER_TEMPLATE, choose_lines
from fame_sql.labels.selection.sequential import SequentialRule
from fame_sql.llm.failures import UntrustedError
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.request import Request
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_UNREAD = "events.template_id IN (SELECT template_id FROM templates_to_read)"


@dataclass(frozen=True)
class LabelPreview:
    """A preview of the requests that labelling would send.

    Parameters
    ----------
    requests : list of Request
        The first requests; further ones depend on their answers.
    lines : int
        Number of lines in them, however often each is read.
    lines_at_most : int
        Number of lines if the first lines of every template disagree.
    templates : int
        Number of templates of these lines.
    readings : int
        How often each line is read.
    """

    requests: list[Request]
    lines: int
    lines_at_most: int
    templates: int
    readings: int = READINGS

    def price_at_most(self, model: LanguageModel) -> str:
        """Return in words what labelling costs if the first lines of every template disagree."""
        cost = self.every_line(model, self.readings * self.lines_at_most)
        return "" if cost is None else f" (about ${cost:.4f})"

    def every_line(self, model: LanguageModel, lines: int) -> float | None:
        """Return the estimated cost in USD of sending ``lines`` lines once, in such requests."""
        if not self.lines:
            return None
        sent = self.readings * self.lines
        tokens_in = sum(request.tokens for request in self.requests) / sent
        tokens_out = sum(request.expected for request in self.requests) / sent
        return model.prices.cost(model.name, round(tokens_in * lines), round(tokens_out * lines))


def label_with_llm(
    warehouse: Warehouse,
    model: LanguageModel,
    *,
    per_template: int = PER_TEMPLATE,
    per_event: int = PER_EVENT,
    rule: SequentialRule | None = None,
    again: bool = False,
    readings: int = READINGS,
    progress: Progress | None = None,
) -> LabelReport:
    """Let a language model judge lines of the templates without labels.

    Every answer is in the ledger before the next request is sent, so that an interrupted run
    continues where it stopped. The labels are stored together at the end. Labels of people and
    of the logs themselves take precedence over a model's.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with templates.
    model : LanguageModel
        The model to ask.
    per_template, per_event : int
        Maximum number of lines of a template, and of distinct messages of an event.
    rule : SequentialRule, optional
        Decides when a template's first lines are enough.
    again : bool
        Judge every template again, including those with labels.
    readings : int
        2 to read every line twice, among different lines; 1 to read again only what contradicts
        its severity and words.
    progress : Progress, optional
        Receives the progress by lines.

    Raises
    ------
    MissingStageError
        If there are no templates.
    LanguageModelError
        If the model cannot be reached or the budget is too small.
    UntrustedError
        If the model judges what has a known answer wrong; the labels before that are kept.
    """
    lines = _lines(warehouse, model, per_template, per_event, again=again)
    first, others = _divide(lines, rule or SequentialRule())
    with (progress or SilentProgress()).step("labelling lines") as step:
        judge = Judge(model, examples=people_examples(warehouse), twice=readings > 1)
        judged: list[Line] = []
        try:
            judged += judge.judge_all(first, step.advance)
            disagreeing = _disagreeing(judged)
            rest = [line for line in others if line["template_id"] in disagreeing]
            judged += judge.judge_all(rest, step.advance)
        except UntrustedError as error:
            judged += judge.kept
            _keep(warehouse, judge, judged)
            raise UntrustedError(f"{error}; {len(judged)} labels are kept") from None
    return _keep(warehouse, judge, judged)


def _keep(warehouse: Warehouse, judge: Judge, judged: Sequence[Line]) -> LabelReport:
    with warehouse.transaction():
        _store(warehouse, judged, judge.model.name)
        _note_doubts(warehouse, judge.doubts, judge.model.name)
        return finish(warehouse)


def preview_labels(
    warehouse: Warehouse,
    model: LanguageModel,
    *,
    per_template: int = PER_TEMPLATE,
    per_event: int = PER_EVENT,
    rule: SequentialRule | None = None,
    again: bool = False,
    readings: int = READINGS,
) -> LabelPreview:
    """Return the first requests of :func:`label_with_llm` without sending them."""
    lines = _lines(warehouse, model, per_template, per_event, again=again)
    first, _ = _divide(lines, rule or SequentialRule())
    judge = Judge(model, examples=people_examples(warehouse), twice=readings > 1)
    requests = judge.plan(first)
    templates = len({line["template_id"] for line in lines})
    return LabelPreview(requests, len(first), len(lines), templates, readings)


def _lines(
    warehouse: Warehouse, model: LanguageModel, per_template: int, per_event: int, *, again: bool
) -> list[Line]:
    """Return the lines that may be judged, at most K of each template to label."""
    learn_answers(warehouse)
    warehouse.connection.execute(sql.load("labels/unread_templates"), {"again": again})
    choose_lines(warehouse, per_template, per_event, _UNREAD)
    lines = warehouse.records(sql.load("labels/lines_to_read"))
    return with_values(lines, model.redactor.text)


def _divide(lines: Sequence[Line], rule: SequentialRule) -> tuple[list[Line], list[Line]]:
    """Return the lines that are judged first, and those judged only if the first disagree."""
    first: list[Line] = []
    others: list[Line] = []
    for _, group in groupby(lines, key=lambda line: line["template_id"]):
        members = list(group)
        count = rule.first_lines(len(members))
        first += members[:count]
        others += members[count:]
    return first, others


def _disagreeing(judged: Sequence[Line]) -> set[str]:
    """Return the templates with lines of both labels."""
    both = {
        kind: {line["template_id"] for line in judged if line["is_anomaly"] is kind}
        for kind in (True, False)
    }
    return both[True] & both[False]


def _store(warehouse: Warehouse, judged: Sequence[Line], author: str) -> None:
    """Replace a model's earlier judgements of the same templates."""
    warehouse.connection.execute(sql.load("labels/delete_read"))
    if not judged:
        return
    columns = ("log_id", "event_id", "template_id", "is_anomaly", "evidence")
    rows = [{**{c: line[c] for c in columns}, "author": author} for line in judged]
    warehouse.with_table(
        "judged_lines",
        pa.Table.from_pylist(rows),
        sql.load("labels/add_judged"),
        {"source": "llm", "labelled_at": utc_now()},
    )


def _note_doubts(warehouse: Warehouse, doubts: Sequence[Line], author: str) -> None:
    """Replace what a model could not tell of the same templates, for people to look at first."""
    warehouse.connection.execute(sql.load("labels/delete_doubts"))
    if not doubts:
        return
    columns = ("log_id", "event_id", "template_id", "reason")
    rows = {line["log_id"]: {**{c: line[c] for c in columns}, "author": author} for line in doubts}
    warehouse.with_table(
        "doubtful_lines",
        pa.Table.from_pylist(list(rows.values())),
        sql.load("labels/add_doubts"),
        {"noted_at": utc_now()},
    )
