"""Answers to the questions that new templates ask: stored once, in force at once.

An answer is kept for a provisional template and decides the verdict of all its lines by look-up,
past and future (:mod:`fame_sql.templates.answers`). It is also a label of each of its events, from
which the next training learns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from fame_sql import sql
from fame_sql.canonical.provisional import PREFIX
from fame_sql.console import printable
from fame_sql.errors import InputError
from fame_sql.labels.counts import finish
from fame_sql.verdict.label_words import ANOMALOUS, ANSWERS, NORMAL, Answer
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_COLUMNS = ("template_id", "label", "source", "author", "evidence")
_SCHEMA = pa.schema([(name, pa.string()) for name in _COLUMNS])


@dataclass(frozen=True)
class GivenAnswer:
    """What a person or a language model answers about a provisional template.

    Parameters
    ----------
    template_id : str
        The template.
    label : str
        ``"normal"``, ``"anomalous"`` or ``"mixed"``.
    author : str, optional
        Who answers.
    evidence : str, optional
        Why.
    source : str
        ``"human"`` or ``"llm"``.
    """

    template_id: str
    label: Answer
    author: str | None = None
    evidence: str | None = None
    source: str = "human"


def read_answer(word: str) -> Answer:
    """Return the answer that a word means.

    Raises
    ------
    InputError
        If it means none.
    """
    plain = word.strip().lower()
    if plain == "mixed":
        return "mixed"
    if plain in NORMAL or plain in ANOMALOUS:
        return "anomalous" if plain in ANOMALOUS else "normal"
    raise InputError(
        f"the answer {printable(word)!r} is none of {', '.join(ANSWERS)}; use one of these"
    )


def find_template(warehouse: Warehouse, name: str) -> str:
    """Return the provisional template whose identity is, or begins with, ``name``.

    Raises
    ------
    InputError
        If there is none, or more than one.
    """
    name = name if name.startswith(PREFIX) else f"{PREFIX}{name}"
    found = [row[0] for row in warehouse.rows(sql.load("labels/named_templates"), {"name": name})]
    if len(found) == 1 or name in found:
        return name if name in found else str(found[0])
    wrong = "names no new template" if not found else f"begins {', '.join(found)} and perhaps more"
    raise InputError(f"{printable(name)!r} {wrong}: 'fame queue' lists what can be answered")


def give_answers(warehouse: Warehouse, answers: Sequence[GivenAnswer]) -> None:
    """Store answers; each replaces the earlier one of the same source about its template.

    The caller may be in a transaction.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse whose events are scored.
    answers : sequence of GivenAnswer
        Their templates must exist; the last of several about one template counts.
    """
    _run(warehouse, answers, "labels/delete_labels_of_answers")
    _run(warehouse, answers, "labels/add_answers", {"answered_at": utc_now()})
    learn_answers(warehouse)


def withdraw_answers(warehouse: Warehouse, template_ids: Iterable[str], source: str) -> None:
    """Delete the answers of a source about templates, and the labels that they left."""
    gone = [GivenAnswer(template_id, "mixed", source=source) for template_id in template_ids]
    _run(warehouse, gone, "labels/delete_labels_of_answers")
    _run(warehouse, gone, "labels/withdraw_answers")
    finish(warehouse)


def learn_answers(warehouse: Warehouse) -> None:
    """Label the events of answered templates, so that the next training learns from them."""
    for statement in ("labels/add_labels_of_answers", "labels/set_templates_of_labels"):
        warehouse.connection.execute(sql.load(statement))
    finish(warehouse)


def _run(
    warehouse: Warehouse,
    answers: Sequence[GivenAnswer],
    statement: str,
    parameters: object = None,
) -> None:
    rows = {(a.template_id, a.source): {c: getattr(a, c) for c in _COLUMNS} for a in answers}
    given = pa.Table.from_pylist(list(rows.values()), schema=_SCHEMA)
    warehouse.with_table("given_answers", given, sql.load(statement), parameters)
