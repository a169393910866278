"""SQL statements whose lists of verdict columns are filled in.

``$verdict_columns``
    All columns of the relation ``verdicts``, for the messages of the relation ``logs``.
``$value_heads``, ``$message_heads``
    The join of the value heads to ``verdicts``, and to ``__fame_v`` of the stored macros; nothing
    if the champion has none.
``$event_heads``, ``$past_bins``
    The join of the value heads to ``logs`` by the templates of their events, and the columns that
    ``fame.past_lines`` keeps of lines whose values decide.
``$line_bins``, ``$score_by_bins``, ``$heads_of_bins``
    The sum of the bins of ``logs``, the score of ``verdicts`` by ``summed.bins``, and the join that
    it needs.
``$score``, ``$is_anomaly``
    These columns of ``verdicts``, for the messages of the relation ``logs``.
``$message_score``, ``$message_is_anomaly``
    The same of ``__fame_v``, for the message ``__fame_m.__fame_message``.
``$verdict_of_scores``
    All columns, computed from ``fame.scores AS scores``, ``fame.templates AS templates`` and
    ``fame.answered_events AS answers``.
``$stored_columns``
    The columns that ``fame.scores`` stores, of the relation ``scores``.
``$verdict_types``
    All columns with their types.
``$verdict_fields``
    The entries of a struct, of the relation ``__fame_v`` of the stored macros.
``$threshold``
    The decision threshold.
"""

from __future__ import annotations

from string import Template

from fame_sql import sql
from fame_sql.verdict.columns import COLUMNS, STORED
from fame_sql.verdict.verdict import THRESHOLD

_SEPARATOR = ",\n    "

VERDICT_TYPES = ", ".join(f"{name} {column.kind}" for name, column in COLUMNS.items())
"""The columns of a verdict with their types, as in ``CREATE TABLE`` and ``STRUCT(...)``."""

_FILLED = {
    "verdict_of_scores": _SEPARATOR.join(
        f"{column.derived} AS {name}" if column.derived else f"scores.{name}"
        for name, column in COLUMNS.items()
    ),
    "stored_columns": _SEPARATOR.join(f"scores.{name}" for name in STORED),
    "verdict_types": VERDICT_TYPES,
    "threshold": f"{THRESHOLD:g}",
}


def columns_of_lines(by_value: bool, relation: str, message: str, heads: str) -> dict[str, str]:
    """Return the SQL of each column of a verdict on a message: its event's, or by its values.

    This is the one place that says what values change of a verdict.

    Parameters
    ----------
    by_value : bool
        Whether the champion has value heads.
    relation, message, heads : str
        The relation of the event's verdict, the message, and the relation of ``fame.value_heads``.
    """
    columns = {name: f"{relation}.{name}" for name in COLUMNS}
    if by_value:
        score = f"fame.valued({relation}.score, {relation}.answer, {heads}.value_head, {message})"
        columns |= {"score": score, "is_anomaly": f"{score} > {THRESHOLD:g}"}
    return columns


def of_lines(by_value: bool) -> dict[str, str]:
    """Return the placeholders of statements that read the verdicts of lines or messages.

    Without value heads the statements have neither another join nor another column.
    """
    lines = columns_of_lines(by_value, "verdicts", "logs.body", "value_heads")
    message = columns_of_lines(by_value, "__fame_v", "__fame_m.__fame_message", "__fame_w")
    return {
        "verdict_columns": _SEPARATOR.join(_named(sql, name) for name, sql in lines.items()),
        "verdict_fields": _SEPARATOR.join(f"'{name}': {sql}" for name, sql in message.items()),
        "score": lines["score"],
        "is_anomaly": lines["is_anomaly"],
        "message_score": message["score"],
        "message_is_anomaly": message["is_anomaly"],
        "value_heads": _JOIN.format("verdicts", "value_heads") if by_value else "",
        "message_heads": _JOIN.format("__fame_v", "__fame_w") if by_value else "",
        "event_heads": _EVENT_HEADS if by_value else "",
        "past_bins": _PAST_BINS if by_value else "",
        "line_bins": _BINS,
        "score_by_bins": _SCORE_BY_BINS,
        "heads_of_bins": _JOIN.format("verdicts", "value_heads"),
        "message": "SELECT __fame_message, md5(fame.canonical(__fame_message)) AS __fame_hash "
        "FROM (SELECT message AS __fame_message)"
        if by_value
        else "SELECT md5(fame.canonical(message)) AS __fame_hash",
    }


def of_exported_lines() -> dict[str, str]:
    """Return the placeholders of views over tables that were exported for Spark.

    There a line has the sum of its bins, and an event a score for each sum (``sql/spark``), because
    Spark has no ``fame.valued``.
    """
    lines = {name: f"verdicts.{name}" for name in COLUMNS}
    lines |= {"score": _EXPORTED_SCORE, "is_anomaly": f"{_EXPORTED_SCORE} > {THRESHOLD:g}"}
    line_bins = "\nLEFT JOIN fame.line_bins AS line_bins ON logs.log_id = line_bins.log_id"
    return {
        "verdict_columns": _SEPARATOR.join(_named(sql, name) for name, sql in lines.items()),
        "value_heads": line_bins + _VALUED.format("line_bins"),
        "event_heads": line_bins,
        "line_bins": "line_bins.bins",
        "score_by_bins": _EXPORTED_SCORE,
        "heads_of_bins": _VALUED.format("summed"),
    }


_EXPORTED_SCORE = (
    "CASE WHEN valued.score IS NULL OR coalesce(verdicts.answer, 'mixed') <> 'mixed' "
    "THEN verdicts.score ELSE valued.score END"
)
_VALUED = (
    "\nLEFT JOIN fame.valued_scores AS valued "
    "ON {0}.event_id = valued.event_id AND {0}.bins = valued.bins"
)
_BINS = "fame.value_bins(value_heads.value_head, logs.body)"
_SCORE_BY_BINS = (
    "fame.valued_by_bins(verdicts.score, verdicts.answer, value_heads.value_head, summed.bins)"
)
_EVENT_HEADS = (
    "\nLEFT JOIN fame.events AS events ON logs.event_id = events.event_id"
    "\nLEFT JOIN fame.value_heads AS value_heads ON events.template_id = value_heads.template_id"
)
_PAST_BINS = (
    f",\n    {_BINS} AS bins,\n    CASE WHEN {_BINS} IS NOT NULL "
    "THEN (SELECT model_version FROM fame.champion) END AS bins_model"
)
_JOIN = "\nLEFT JOIN fame.value_heads AS {1} ON {0}.template_id = {1}.template_id"


def _named(expression: str, name: str) -> str:
    return expression if expression.endswith(f".{name}") else f"{expression} AS {name}"


def load(name: str, *, by_value: bool = False, **placeholders: str) -> str:
    """Return the text of a SQL file with its placeholders filled in.

    Parameters
    ----------
    name : str
        As for :func:`fame_sql.sql.load`.
    by_value : bool
        Whether the champion has value heads.
    **placeholders : str
        Other placeholders of the file. Those not given stay, as DuckDB's parameters have to.
    """
    filled = {**_FILLED, **of_lines(by_value), **placeholders}
    return Template(sql.load(name)).safe_substitute(filled)
