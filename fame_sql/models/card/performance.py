"""The part of a model card on how well the model judges, and how far that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fame_sql.models.card.facts import Facts, number
from fame_sql.models.card.markdown import inline, table

SMALL = 30
"""Held-out anomalous events, and templates, below which a sample is called small."""

_FIGURES = (
    ("events", "events"),
    ("lines", "lines that they stand for"),
    ("anomalous_events", "events with anomalous labels"),
    ("normal_templates", "templates with normal lines"),
    ("anomalous_templates", "templates with anomalous lines"),
    ("precision", "precision, by lines"),
    ("recall", "recall, by lines"),
    ("f1", "F1, by lines"),
    ("average_precision", "average precision, by lines"),
    ("false_alarms", "false alarms a million normal lines"),
    ("false_alarms_at_most", "the same, upper end of the 95 % interval"),
    ("calibration_error", "expected calibration error"),
)


def held_out(facts: Facts) -> Iterator[str]:
    """Yield the section on labelled events that the model did not learn from."""
    found = facts.metrics.get("held_out")
    yield "## On labelled events that it did not learn from"
    yield ""
    if found is None:
        yield "Not recorded."
        yield ""
        return
    known, unseen = found["known"], found["unseen"]
    yield (
        "Known templates: the events of the calibration slice whose templates the events before "
        "it have, judged by a network that learned from those alone. Unseen templates: whole "
        "templates left out in turn, judged by their words. Scores above 0.5 count as reported."
    )
    yield ""
    if of := facts.metrics.get("known_held_out_of"):
        yield (
            f"**The figures on known templates are those of model {inline(of)}**, of which this "
            "one keeps the encoder: domains that were trained anew since are not measured by them."
        )
        yield ""
    rows = [(told, number(known[name]), number(unseen[name])) for name, told in _FIGURES]
    yield from table(("", "known templates", "unseen templates"), rows)


def decision_lines(facts: Facts) -> Iterator[str]:
    """Yield the section on what is published as 0.5."""
    calibration, target = facts.student["calibration"], facts.metrics.get("max_false_alarms")
    aim = "none" if target is None else f"at most {number(target)} false alarms a million lines"
    yield "## Decision lines"
    yield ""
    yield (
        "A domain's line, in the table above, is the raw probability of its head that speaks for "
        "neither side. The mean of its log-odds from there and those of the words is published; "
        "in an anomalous domain routing alone decides."
    )
    yield ""
    yield f"- Target: {aim}."
    yield (
        f"- Known templates: temperature {number(calibration['temperature'])}, line moved by "
        f"{number(calibration.get('known_line', 0.0))} in log-odds."
    )
    yield (
        f"- Unseen templates: temperature {number(calibration.get('unseen_temperature', 1.0))}, "
        f"line moved by {number(calibration.get('unseen_line', 0.0))} in log-odds."
    )
    yield ""


def limits(facts: Facts) -> Iterator[str]:
    """Yield the section on what the model cannot do, and on what its figures cannot show."""
    yield "## Limits"
    yield ""
    yield (
        "- What no known template matches is judged by its words alone, `known_template` is "
        "false, and more of it is missed: see recall on unseen templates above."
    )
    config = facts.metrics.get("config") or facts.student["config"]
    yield (
        "- Only the message's body is read, after the masks below, and its context is not; of a "
        f"long one the encoder reads the first {number(config['max_tokens'])} tokens."
    )
    yield "- It knows one log. On another it is a guess, and nothing here measures that."
    yield from _small(facts.metrics.get("held_out") or {})
    sources = {given["source"] for given in facts.metrics.get("labels", ())}
    if "llm" in sources:
        yield "- Labels by a language model are its opinion, and can err together."
    if "rule" in sources:
        yield "- Labels by a severity rule say what was logged as an error, not what was one."
    if facts.metrics.get("anomalous_events") == 0:
        yield "- It has never met an anomaly: no message of a known template can be anomalous."
    yield ""


def _small(held_out: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Call small samples small."""
    for part, name, what in (
        ("known", "anomalous_events", "events with anomalous labels"),
        ("unseen", "anomalous_templates", "templates with anomalous lines"),
    ):
        count = held_out.get(part, {}).get(name)
        if count is not None and count < SMALL:
            yield (
                f"- A small sample: the figures on {part} templates rest on {number(count)} "
                f"{what}, and move by chance."
            )
