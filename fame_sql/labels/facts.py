"""What a language model is shown beside a message: how often, when, between which lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from fame_sql import sql
from fame_sql.labels.injections import looks_like_an_order
from fame_sql.llm.prompts import Row
from fame_sql.warehouse.warehouse import Warehouse

EXAMPLES_A_LABEL = 4
_PLACES = 4
_OTHERS = 3
_BESIDE = ("before", "after")

Line = dict[str, Any]


def row_of(line: Line, *, alone: bool = False) -> Row:
    """Return what is sent of a line, without its id and without its template.

    The template would stand beside each of its lines and suggest one label for all of them.

    Parameters
    ----------
    line : dict
        The line; only ``service_name``, ``severity_text`` and ``body`` must be there.
    alone : bool
        Leave out the neighbouring lines and the words of others, so that none can sway the
        judgement.
    """
    facts = {
        "service": line["service_name"],
        "severity": line["severity_text"],
        "message": line["body"],
        "lines": line.get("lines"),
        "first_seen": _moment(line.get("first_seen")),
        "last_seen": _moment(line.get("last_seen")),
        **({} if alone else {"values": line.get("values")}),
        **({} if alone else {name: _calm(line.get(name)) for name in _BESIDE}),
    }
    return {name: value for name, value in facts.items() if value}


def _moment(value: Any) -> str | None:
    return None if value is None else value.isoformat(" ", "seconds")


def _calm(texts: Sequence[str] | None) -> list[str]:
    """Return neighbouring lines without those that read like orders."""
    return [text for text in texts or () if text and not looks_like_an_order(text)]


def with_values(lines: Sequence[Line], masked: Callable[[str], str]) -> list[Line]:
    """Return lines with the words at the places where those of one template differ.

    Parameters
    ----------
    lines : sequence of dict
        The chosen lines, those of a template one after another.
    masked : callable
        Masks a message, before it is divided: a secret is recognised by the words around it.
    """
    found: list[Line] = []
    for _, group in groupby(lines, key=lambda line: line["template_id"]):
        members = list(group)
        words = [masked(line["body"]).split() for line in members] if members[1:] else [[]]
        found += [
            {**line, "values": _values(own, words)}
            for line, own in zip(members, words, strict=True)
        ]
    return found


def _values(own: list[str], others: list[list[str]]) -> list[str]:
    """Return a line's words at the places that vary, each with a few others from there."""
    alike = [words for words in others if len(words) == len(own)]
    said = []
    for place, word in enumerate(own):
        rest = sorted({words[place] for words in alike} - {word})
        if rest:
            more = ", ".join(rest[:_OTHERS]) + (", ..." if len(rest) > _OTHERS else "")
            said.append(f"{word} (elsewhere {more})")
    return said[:_PLACES]


def people_examples(warehouse: Warehouse) -> list[Row]:
    """Return a few messages of each label that people have judged."""
    found = warehouse.records(sql.load("labels/people_examples"), {"at_most": EXAMPLES_A_LABEL})
    return [
        {name: value for name, value in row.items() if value}
        for row in found
        if not looks_like_an_order(row["message"])
    ]
