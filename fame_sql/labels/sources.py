"""Labels that are there already: the logs' own column, or a rule on severity."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
    choose_lines,
    repeat_lines,
)
from fame_sql.verdict.label_words import NORMAL_IN_LOGS
from fame_sql.warehouse.severities import SEVERITIES
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_NORMAL = {"normal": list(NORMAL_IN_LOGS)}


def label_from_column(
    warehouse: Warehouse, *, per_template: int = PER_TEMPLATE, per_event: int = PER_EVENT
) -> LabelReport:
    """Judge lines by the label column that their source carries.

    Each line has a label of its own, so that K is spent: where a template has fewer messages,
    further lines of them follow, spread over the period.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates have been mined.
    per_template : int
        K: at most so many lines of a template are judged.
    per_event : int
        At most so many distinct messages of one event, before lines are repeated.

    Raises
    ------
    MissingStageError
        If no template has been mined.
    InputError
        If no line of the training period carries a label.
    """
    with warehouse.transaction():
        choose_lines(warehouse, per_template, per_event, _HAS_LABEL)
        repeat_lines(warehouse, per_template, _HAS_LABEL)
        _refuse_nothing(warehouse)
        _replace(warehouse, "dataset", "labels/add_from_column", _NORMAL)
        return finish(warehouse)


STRATEGIES = ("per-template", "active", "random")
"""How lines are chosen: K a template, by what they would teach, or by chance."""


def label_some_from_column(
    warehouse: Warehouse,
    lines: int,
    *,
    strategy: str = "active",
    per_event: int = PER_EVENT,
    seed: int = 0,
) -> LabelReport:
    """Judge so many lines by the label column that their source carries.

    The label of a line is read only once it is chosen; what the logs' own column said of other
    lines before is forgotten.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates have been mined.
    lines : int
        Lines of the training period to judge, at most.
    strategy : str
        ``"active"``: one after another, each of the template whose next label would teach the
        most by the labels before it. ``"random"``: any lines.
    per_event : int
        At most so many distinct messages of one event before lines are repeated, if active.
    seed : int
        Of the random choice.

    Raises
    ------
    MissingStageError
        If no template has been mined.
    InputError
        If the strategy is not known, or no line of the training period carries a label.
    """
    check_lines(lines)
    if strategy not in STRATEGIES[1:]:
        raise InputError(f"{strategy!r} chooses no lines; use {' or '.join(STRATEGIES[1:])}")
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
    """Return the lines of the most use, of distinct messages as long as there are any."""
    questions = open_questions(warehouse, per_event=per_event, eligible=_HAS_LABEL)
    picked = most_useful(questions, lines, _answers(warehouse))
    if len(picked) < lines:
        reopen_questions(warehouse, questions, lines, _HAS_LABEL)
        picked += most_useful(questions, lines - len(picked), _answers(warehouse))
    return picked


def _answers(warehouse: Warehouse) -> Callable[[int], bool]:
    """Return what the column says of a chosen line."""
    return dict(warehouse.rows(sql.load("labels/answers_of_column"), _NORMAL)).__getitem__


def _refuse_nothing(warehouse: Warehouse) -> None:
    if not warehouse.value("SELECT count(*) FROM chosen_lines"):
        raise InputError(
            "no line of the training period carries a label: judge some with "
            "'fame label export FILE' and 'fame label import FILE', or use '--rule ERROR'"
        )


def label_from_severity(
    warehouse: Warehouse,
    severity: str,
    *,
    per_template: int = PER_TEMPLATE,
    per_event: int = PER_EVENT,
) -> LabelReport:
    """Judge lines by a rule: a severity at or above ``severity`` is anomalous.

    A stand-in for people who have no labels yet; the labels say that a rule made them, and
    labels of any other source win over them.

    Parameters
    ----------
    severity : str
        One of TRACE, DEBUG, INFO, WARN, ERROR, FATAL.
    """
    if severity.upper() not in SEVERITIES:
        raise InputError(f"{severity!r} is no severity; use one of {', '.join(SEVERITIES)}")
    with warehouse.transaction():
        choose_lines(warehouse, per_template, per_event, "periods.severity_number IS NOT NULL")
        if not warehouse.value("SELECT count(*) FROM chosen_lines"):
            raise InputError("no line of the training period has a severity, so no rule can judge")
        facts = {"severity": SEVERITIES[severity.upper()], "severity_name": severity.upper()}
        _replace(warehouse, "rule", "labels/add_from_severity", facts)
        return finish(warehouse)


def _replace(
    warehouse: Warehouse, source: str, statement: str, facts: Mapping[str, object]
) -> None:
    """Put the chosen lines' judgements in the place of earlier ones from the same source."""
    warehouse.connection.execute("DELETE FROM fame.labels WHERE source = ?", [source])
    warehouse.connection.execute(sql.load(statement), {**facts, "labelled_at": utc_now()})
