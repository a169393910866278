"""The sentences of a report: what, where, since when, how sure, and what is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fame_sql.console import plural
from fame_sql.forensics.pages.page import count, moment, share
from fame_sql.forensics.report.gathering import Findings

_SMALL = 30
_LEVELS = {"critical": "A critical incident", "error": "An incident", "warning": "A minor incident"}


def answer(found: Findings) -> list[str]:
    """Return the answer: what, where, since when, and how sure."""
    if found.focus is not None:
        return [_what(found.focus), _sure(found, found.focus)]
    summary = found.summary.row
    if not found.incidents.rows:
        return [_nothing(found)]
    live = [row for row in found.incidents.rows if row["state"] != "resolved"]
    over = f"{len(live)} not over" if live else "all of them over"
    head = (
        f"{plural(len(found.incidents.rows), 'incident')} ({over}) with "
        f"{count(summary['anomalous_lines'])} anomalous of {count(summary['lines'])} lines."
    )
    worst = found.incidents.rows[0]
    return [head, "The worst: " + _lower(_what(worst)), _sure(found, worst)]


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _nothing(found: Findings) -> str:
    summary = found.summary.row
    left = found.waiting.row["lines_without_incident"]
    if summary["anomalous_lines"]:
        hint = "run 'fame incidents update'" if left else "they belong to no incident"
        return (
            f"{count(summary['anomalous_lines'])} of {count(summary['lines'])} lines are "
            f"anomalous, and have not been put together into incidents: {hint}."
        )
    if summary["unscored_lines"]:
        return (
            f"Nothing is known to be anomalous, but {count(summary['unscored_lines'])} of "
            f"{count(summary['lines'])} lines have no score."
        )
    return f"Nothing anomalous: {count(summary['lines'])} lines, all of them scored."


def _what(incident: dict[str, Any]) -> str:
    where = f" in {incident['service_name']}" if incident["service_name"] else ""
    level = _LEVELS.get(incident["severity"], "An incident for information")
    kinds = []
    if incident["lines"]:
        kinds.append(
            f"{plural(incident['lines'], 'anomalous line')}"
            + (f" ({incident['lines_to_read']} to read)" if incident["lines"] > 1 else "")
        )
    if incident["counts"]:
        kinds.append(
            plural(incident["counts"], "unusual count of a template", "unusual counts of templates")
        )
    state = "over since" if incident["state"] == "resolved" else "last seen"
    first, last = moment(incident["first_seen"]), moment(incident["last_seen"])
    when = f"at {first}" if first == last else f"since {first}, {state} {last}"
    topic = f", about “{incident['template'].strip()[:120]}”" if incident["template"] else ""
    return f"{level}{where} {when} UTC: {' and '.join(kinds)}{topic}."


def _sure(found: Findings, incident: dict[str, Any]) -> str:
    """Return how sure it is: the scores, what the model was measured to do, what people said."""
    parts = []
    if incident["confidence"] is not None:
        parts.append(f"The mean score of its lines is {incident['confidence']:.2f}")
    parts += list(_measured(found))
    if incident["known"]:
        parts.append(f"It is known: {incident['known']}")
    return ". ".join(parts) + "." if parts else "How sure this is has not been measured."


def _measured(found: Findings) -> Iterator[str]:
    if not found.model.rows or (model := found.model.row)["known_precision"] is None:
        yield "how often the model is right was not measured on held-out labels"
        return
    events = model["known_events"]
    few = f" (few: {events} anomalous events)" if events is not None and events < _SMALL else ""
    yield (
        f"On held-out labels of known templates, {share(model['known_precision'])} of the model's "
        f"reports were right, and it found {share(model['known_recall'])} of the anomalies{few}"
    )


def unknown(found: Findings) -> Iterator[str]:
    """Yield what the report cannot know."""
    summary, waiting = found.summary.row, found.waiting.row
    if summary["unscored_lines"]:
        yield (
            f"{plural(summary['unscored_lines'], 'line')} without a score: they are not normal, "
            "they have not been judged ('fame score')."
        )
    if summary["unparsed_lines"]:
        yield f"{plural(summary['unparsed_lines'], 'line')} that no format could read."
    if summary["untimed_lines"]:
        yield (
            f"{plural(summary['untimed_lines'], 'line')} without a time of their own; they count "
            "at the time they were read."
        )
    if summary["unseen_lines"]:
        unseen = summary["unseen_anomalous_lines"]
        yield (
            f"{plural(summary['unseen_lines'], 'line')} of templates that the model has not "
            f"learned, judged by their words alone ({count(unseen)} of them anomalous); misses are "
            "more frequent there."
        )
    if waiting["queue"]:
        yield f"{plural(waiting['queue'], 'new template')} waiting for an answer ('fame queue')."
    if waiting["lines_without_incident"]:
        yield (
            f"{plural(waiting['lines_without_incident'], 'line')} of the warehouse not yet read "
            "for incidents ('fame incidents update')."
        )
    yield "Causes: that lines come at the same time does not show that one causes the other."
