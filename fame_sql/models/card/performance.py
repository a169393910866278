"""The part of a model card on the quality of the model, its thresholds and its limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fame_sql.models.card.facts import Facts, number
from fame_sql.models.card.markdown import inline, table

SMALL = 30
"""A sample with fewer held-out anomalous events, or templates, is called small."""

_SCORE = (
    "The score has these log-odds",
    "The score is the mean of these log-odds and those of the lexical head",
)
_FIGURES = (
    ("events", "events"),
    ("lines", "lines of these events"),
    ("anomalous_events", "events with anomalous labels"),
    ("normal_templates", "templates with normal lines"),
    ("anomalous_templates", "templates with anomalous lines"),
    ("precision", "precision, by lines"),
    ("recall", "recall, by lines"),
    ("f1", "F1, by lines"),
    ("average_precision", "average precision, by lines"),
    ("false_alarms", "false alarms per million normal lines"),
    ("false_alarms_at_most", "false alarms per million, upper end of the 95 % interval"),
    ("calibration_error", "expected calibration error"),
)


def held_out(facts: Facts) -> Iterator[str]:
    """Yield the section on held-out labelled events."""
    found = facts.metrics.get("held_out")
    yield "## Results on held-out labelled events"
    yield ""
    if found is None:
        yield "Not recorded."
        yield ""
        return
    known, unseen = found["known"], found["unseen"]
    yield (
        "Known templates: the events of the calibration slice whose templates occur before it, "
        "judged by a student that was trained on the events before it. Unseen templates: whole "
        "templates left out in turn, judged by a words head that has not read them. Scores above "
        "0.5 are reported."
    )
    yield ""
    if of := facts.metrics.get("known_held_out_of"):
        yield (
            f"**The results on known templates are those of model {inline(of)}**, from which this "
            "model was partly trained. They do not cover the domains that were retrained since."
        )
        yield ""
    rows = [(title, number(known[name]), number(unseen[name])) for name, title in _FIGURES]
    yield from table(("", "known templates", "unseen templates"), rows)


def thresholds(facts: Facts) -> Iterator[str]:
    """Yield the section on the thresholds, which correspond to a score of 0.5."""
    calibration, target = facts.student["calibration"], facts.metrics.get("max_false_alarms")
    aim = "none" if target is None else f"at most {number(target)} false alarms per million lines"
    yield "## Thresholds"
    yield ""
    yield (
        "The threshold of a domain, in the table above, is the raw probability where the head's "
        f"log-odds are zero. {_SCORE[facts.has_encoder]}; in an anomalous domain routing alone "
        "decides."
    )
    yield ""
    yield f"- Target: {aim}."
    yield (
        f"- Known templates: temperature {number(calibration['temperature'])}, threshold shifted "
        f"by {number(calibration.get('known_line', 0.0))} in log-odds."
    )
    yield (
        f"- Unseen templates: temperature {number(calibration.get('unseen_temperature', 1.0))}, "
        f"threshold shifted by {number(calibration.get('unseen_line', 0.0))} in log-odds."
    )
    for sentence in facts.metrics.get("failed_fits", ()):
        yield f"- {sentence[:1].upper()}{sentence[1:]}."
    yield ""


def limits(facts: Facts) -> Iterator[str]:
    """Yield the section on the limits of the model and of its results."""
    yield "## Limits"
    yield ""
    yield (
        "- A message that no known template matches is judged by its words alone, with "
        "`known_template` false. More of these anomalies are missed: see the recall on unseen "
        "templates above."
    )
    yield (
        "- Only the body of a message is used, after the masks below, without its context."
        f"{_read(facts)}"
    )
    yield "- It was trained on one log. Its results on another log are unknown."
    yield from _small(facts.metrics.get("held_out") or {})
    sources = {given["source"] for given in facts.metrics.get("labels", ())}
    if "llm" in sources:
        yield "- Labels by a language model can be wrong in the same way for many lines."
    if "rule" in sources:
        yield "- Labels by a severity rule show what was logged as an error, not what was one."
    if facts.metrics.get("anomalous_events") == 0:
        yield (
            "- The training data has no anomaly: no message of a known template can be anomalous."
        )
    yield ""


def _read(facts: Facts) -> str:
    if not facts.has_encoder:
        return ""
    most = number(facts.config["max_tokens"])
    return f" The encoder uses the first {most} tokens of a long message."


def _small(held_out: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a warning for each small sample."""
    for part, name, what in (
        ("known", "anomalous_events", "events with anomalous labels"),
        ("unseen", "anomalous_templates", "templates with anomalous lines"),
    ):
        count = held_out.get(part, {}).get(name)
        if count is not None and count < SMALL:
            yield (
                f"- A small sample: the results on {part} templates are based on {number(count)} "
                f"{what} and vary by chance."
            )
