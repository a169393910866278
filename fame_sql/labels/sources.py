"""Labels from the logs themselves: their label column, or a rule on severity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.labels.counts import LabelReport, finish
from fame_sql.labels.selection.active import (
    check_lines,
    keep_lines,
    most_useful,
    open_questions,
    reopen_questions,
)
from fame_sql.labels.selection.per_template import (
    PER_EVENT,
    PER_TEMPLATE,
    check_templates,
    choose_lines,
    repeat_lines,
)
from fame_sql.verdict.label_words import NORMAL_IN_LOGS, label_word
from fame_sql.warehouse.severities import SEVERITIES
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_NORMAL = {"normal": list(NORMAL_IN_LOGS)}


def label_from_column(
    warehouse: Warehouse, *, per_template: int = PER_TEMPLATE, per_event: int = PER_EVENT
) -> LabelReport:
    """Label lines by the label column of the log.

    Every line has its own label, so K lines are used even if a template has fewer distinct
    messages: once these run out, duplicates are labelled, spread over the period.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with templates.
    per_template : int
        K: maximum number of lines of a template.
    per_event : int
        Maximum number of distinct messages of an event before duplicates are used.

    Raises
    ------
    MissingStageError
        If there are no templates.
    InputError
        If no line of the training period has a label.
    """
    with warehouse.transaction():
        choose_lines(warehouse, per_template, per_event, _HAS_LABEL)
        repeat_lines(warehouse, per_template, _HAS_LABEL)
        _refuse_nothing(warehouse)
        _replace(warehouse, "dataset", "labels/add_from_column", _NORMAL)
        return finish(warehouse)


STRATEGIES = ("per-template", "active", "random")
"""How lines are chosen: K per template, the most informative, or at random."""


def label_some_from_column(
    warehouse: Warehouse,
    lines: int,
    *,
    strategy: str = "active",
    per_event: int = PER_EVENT,
    seed: int = 0,
) -> LabelReport:
    """Label a given number of lines by the label column of the log.

    The label of a line is read only after the line is chosen. Earlier labels from the column are
    deleted.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with templates.
    lines : int
        Maximum number of lines of the training period to label.
    strategy : str
        ``"active"``: choose one line after another, each of the template whose next label is the
        most informative given the labels so far. ``"random"``: choose lines at random.
    per_event : int
        Maximum number of distinct messages of an event before duplicates are used, if active.
    seed : int
        Seed of the random choice.

    Raises
    ------
    MissingStageError
        If there are no templates.
    InputError
        If the strategy is unknown, or no line of the training period has a label.
    """
    check_lines(lines)
    if strategy not in STRATEGIES[1:]:
        raise InputError(
            f"{strategy!r} is not a strategy for a number of lines; "
            f"use {' or '.join(STRATEGIES[1:])}"
        )
    with warehouse.transaction():
        warehouse.connection.execute("DELETE FROM fame.labels WHERE source = 'dataset'")
        if strategy == "active":
            picked = _pick_actively(warehouse, lines, per_event)
        else:
            facts = {"seed": seed, "lines": lines}
            rows = warehouse.connection.execute(sql.load("labels/random_lines"), facts).fetchall()
            picked = [row[0] for row in rows]
        keep_lines(warehouse, picked)
        _refuse_nothing(warehouse)
        _replace(warehouse, "dataset", "labels/add_from_column", _NORMAL)
        return finish(warehouse)


_HAS_LABEL = "periods.label IS NOT NULL"


def _pick_actively(warehouse: Warehouse, lines: int, per_event: int) -> list[int]:
    """Return the most informative lines; duplicates once distinct messages run out."""
    questions = open_questions(warehouse, per_event=per_event, eligible=_HAS_LABEL)
    picked = most_useful(questions, lines, _answers(warehouse))
    if len(picked) < lines:
        reopen_questions(warehouse, questions, lines, _HAS_LABEL)
        picked += most_useful(questions, lines - len(picked), _answers(warehouse))
    return picked


def _answers(warehouse: Warehouse) -> Callable[[int], bool]:
    """Return a function that reads the label of a chosen line from the column."""
    return dict(warehouse.rows(sql.load("labels/answers_of_column"), _NORMAL)).__getitem__


def _refuse_nothing(warehouse: Warehouse) -> None:
    if not warehouse.value("SELECT count(*) FROM chosen_lines"):
        raise InputError(
            "no line of the training period has a label: label some lines with "
            "'fame label export FILE' and 'fame label import FILE', or use 'fame label --rule "
            "ERROR'; 'fame look' needs no labels"
        )


def label_from_severity(warehouse: Warehouse, severity: str) -> LabelReport:
    """Label events by a rule: a severity at or above ``severity`` is anomalous.

    This is a substitute if there are no labels yet. A line without a severity is judged by its
    failure words (``fame.failure_words``): polarity 3 for FATAL, 2 for ERROR, 1 below. The labels
    are marked as made by a rule, and labels from any other source take precedence.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with templates. Every event of its training period that has one is judged.
    severity : str
        One of TRACE, DEBUG, INFO, WARN, ERROR, FATAL.

    Raises
    ------
    MissingStageError
        If there are no templates.
    InputError
        If it is no severity, or all labels would be of one kind.
    """
    name = severity.upper()
    if name not in SEVERITIES:
        raise InputError(f"{severity!r} is not a severity; use one of {', '.join(SEVERITIES)}")
    check_templates(warehouse)
    facts = {
        "severity": SEVERITIES[name],
        "severity_name": name,
        "polarity": _POLARITIES.get(name, 1),
    }
    with warehouse.transaction():
        _replace(warehouse, "rule", "labels/add_from_rule", facts)
        _refuse_one_kind(warehouse, name)
        by_words = warehouse.value(sql.load("labels/count_by_words"))
        return replace(finish(warehouse), by_words=by_words)


_POLARITIES = {"FATAL": 3, "ERROR": 2}


def _refuse_one_kind(warehouse: Warehouse, rule: str) -> None:
    """Refuse labels that are all normal or all anomalous: no model can learn from them."""
    kinds = warehouse.rows("SELECT is_anomaly, count(*) FROM fame.labels GROUP BY is_anomaly")
    if len(kinds) == 2:
        return
    kind = f"{label_word(kinds[0][0])} by --rule {rule}" if kinds else "without a label"
    other = "a higher" if kinds and kinds[0][0] else "a lower"
    raise InputError(
        f"every event is {kind}, and no model can learn from that: try {other} severity, see what "
        "'fame look' finds, or label lines with 'fame label review'"
    )


def _replace(
    warehouse: Warehouse, source: str, statement: str, facts: Mapping[str, object]
) -> None:
    """Replace earlier labels of the same source by those of the chosen lines."""
    warehouse.connection.execute("DELETE FROM fame.labels WHERE source = ?", [source])
    warehouse.connection.execute(sql.load(statement), {**facts, "labelled_at": utc_now()})
