"""The second reading of lines, among other lines, and what the two readings say of orders in them.

No two lines stand together in both readings, so one order sways another line in one of them only.
Several can sway a line in both. What is judged of lines alone shows which requests they swayed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from fame_sql.labels.contradictions import shuffled
from fame_sql.labels.dividing import parts
from fame_sql.labels.facts import Line, row_of
from fame_sql.labels.injections import looks_like_an_order

READINGS = 2
"""How often each line is read, if nothing else is asked for."""

OTHERWISE = "judged otherwise among other lines"
"""Words in the reason of a doubt about a line whose readings differ."""

_SHARE_ALONE = 10
_FEWEST_ALONE = 50
_A_ROUND = 16


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


@dataclass(frozen=True)
class Reading:
    """One reading of lines.

    Parameters
    ----------
    judged : sequence of dict
        The judgements.
    requests : sequence of sequences
        The lines of each request.
    """

    judged: Sequence[Line]
    requests: Sequence[Sequence[Line]]

    @cached_property
    def labels(self) -> dict[int, bool]:
        """The label of each line by its number."""
        return {line["log_id"]: line["is_anomaly"] for line in self.judged}

    @cached_property
    def request_of(self) -> dict[int, int]:
        """The number of the request of each line."""
        return {line["log_id"]: n for n, lines in enumerate(self.requests) for line in lines}


def swayed_alike(readings: Sequence[Reading], alone: Sequence[Line]) -> list[Line]:
    """Return the lines that an order may have swayed in all readings, the likeliest first.

    Where a line alone is judged otherwise, the request that judged it differently was swayed, and
    may have swayed its other lines to the same label. A line is suspect if each of its requests
    was swayed to the label that it has, or other lines of its template were.

    Parameters
    ----------
    readings : sequence of Reading
        The readings in which lines stood beside others.
    alone : sequence of dict
        The judgements of lines alone.
    """
    swayed: Counter[tuple[int, int, bool]] = Counter()
    of_template: Counter[tuple[str, bool]] = Counter()
    for number, reading in enumerate(readings):
        for line in alone:
            said = reading.labels.get(line["log_id"])
            if said is not None and said != line["is_anomaly"]:
                swayed[number, reading.request_of[line["log_id"]], said] += 1
                of_template[line["template_id"], said] += 1

    def weight(line: Line) -> int:
        i, label = line["log_id"], line["is_anomaly"]
        if any(i not in r.request_of or r.labels.get(i) != label for r in readings):
            return 0  # nothing stood beside it, or it was asked about alone already
        least = min(swayed[n, r.request_of[i], label] for n, r in enumerate(readings))
        return least + of_template[line["template_id"], label]

    weighed = [(weight(line), shuffled(line), line) for line in readings[0].judged]
    suspect = sorted(((-w, order, line) for w, order, line in weighed if w), key=lambda s: s[:2])
    return [line for _, _, line in suspect]


def in_rounds(lines: Sequence[Line], *, at_once: bool = False) -> list[list[Line]]:
    """Return lines in rounds of about the same size, or in one where a round takes a day."""
    rounds = 1 if at_once else max(1, len(lines) // _A_ROUND)
    return parts(lines, ceil(len(lines) / rounds))


def wavering(line: Line, alone: Line | None) -> Line:
    """Return a line whose readings differ with a reason, so that a person sees it first."""
    if alone is None:
        return {**line, "reason": OTHERWISE}
    label = "anomalous" if alone["is_anomaly"] else "normal"
    return {**line, "reason": f"{label} alone, {OTHERWISE}: {alone['evidence']}"}
