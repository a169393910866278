"""The second reading of lines: among other lines, so that none sways another in both readings."""

from __future__ import annotations

from collections.abc import Sequence

from fame_sql.labels.contradictions import shuffled
from fame_sql.labels.facts import Line, row_of
from fame_sql.labels.injections import looks_like_an_order

READINGS = 2
"""How often each line is read, if nothing else is asked for."""

OTHERWISE = "judged otherwise among other lines"
"""Words in the reason of a doubt about a line whose readings differ."""

_SHARE_ALONE = 10
_FEWEST_ALONE = 50


def apart(batches: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Divide lines into groups in which no two lines come from the same request.

    Parameters
    ----------
    batches : sequence of sequences
        The lines of each request of the first reading.

    Returns
    -------
    list of list
        As many groups as the largest request has lines. A line that stood alone, without the
        lines beside it in the log, is not in them: nothing could sway its judgement.
    """
    count = max(map(len, batches), default=0)
    groups: list[list[Line]] = [[] for _ in range(count)]
    orders: list[list[Line]] = []
    for number, batch in enumerate(batches):
        for place, line in enumerate(batch):
            if len(batch) == 1 and row_of(line) == row_of(line, alone=True):
                continue
            if looks_like_an_order(line["body"]):
                orders.append([line])
            else:
                groups[(number + place) % count].append(line)
    return [sorted(group, key=shuffled) for group in groups if group] + orders


def differing(
    lines: Sequence[Line], again: Sequence[Line], reread: Sequence[Sequence[Line]]
) -> list[Line]:
    """Return the lines that were read again and not judged alike, in an order of no meaning.

    Parameters
    ----------
    lines, again : sequence of dict
        The judgements of the first and of the second reading.
    reread : sequence of sequences
        What was read again; of some of it there may be no second judgement.
    """
    twice = {line["log_id"] for group in reread for line in group}
    said = {line["log_id"]: line["is_anomaly"] for line in again}
    found = [
        line
        for line in lines
        if line["log_id"] in twice and said.get(line["log_id"]) != line["is_anomaly"]
    ]
    return sorted(found, key=shuffled)


def to_ask_alone(lines: Sequence[Line], all_lines: int) -> Sequence[Line]:
    """Return the lines that get a request each: of a model that wavers much, only some."""
    return lines[: max(_FEWEST_ALONE, all_lines // _SHARE_ALONE)]


def wavering(line: Line, alone: Line | None) -> Line:
    """Return a line whose readings differ with a reason, so that a person sees it first."""
    if alone is None:
        return {**line, "reason": OTHERWISE}
    label = "anomalous" if alone["is_anomaly"] else "normal"
    return {**line, "reason": f"{label} alone, {OTHERWISE}: {alone['evidence']}"}
