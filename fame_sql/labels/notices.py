"""What a user is told of the answers that were not trusted."""

from __future__ import annotations

from typing import Protocol


class Counts(Protocol):
    """What is counted while lines are judged; :class:`fame_sql.labels.judging.Judge` has it."""

    stage: str
    refused: int
    alone: int
    again: int
    contradictory: int
    changed: int
    swayed: int
    undecided: int


def told_of(counts: Counts) -> list[str]:
    """Return a sentence for each count above 0."""
    shown = ", and 'fame label review' shows them first" if counts.stage == "label" else ""
    said = {
        "answers were refused: they judged a row with a known answer wrong": counts.refused,
        "lines that read like orders were asked about alone": counts.alone,
        "lines were asked about again, because an answer left them out": counts.again,
        "judgements contradict the severity or the words of their lines": counts.contradictory,
        "lines were judged otherwise at a second reading: what was judged of each alone counts"
        + shown: counts.changed,
        "lines were judged alike twice and otherwise alone, which counts: other lines can have "
        "swayed both requests": counts.swayed,
        "lines have no judgement that can be trusted, and wait for a person": counts.undecided,
    }
    return [f"{count} {what}" for what, count in said.items() if count]
