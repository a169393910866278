"""Mining: Drain over the canonical events of the training period.

Drain runs over distinct canonical events in the order of their first appearance, never over
lines. A template never changes once it is stored: later minings use only the events that no
template matches, and append new templates. Answered provisional templates become templates first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.templates import matching
from fame_sql.templates.split import check_split, set_split
from fame_sql.templates.templates import Template, TemplateSet, empty_tree, read_templates
from fame_sql.warehouse.warehouse import Warehouse, utc_now


@dataclass(frozen=True)
class MiningReport:
    """The result of a mining.

    Parameters
    ----------
    new, total : int
        Templates that this mining added, and all templates.
    events, unmatched : int
        Events in the warehouse, and those that no template matches.
    training_lines : int
        Lines of the training period.
    """

    new: int
    total: int
    events: int
    unmatched: int
    training_lines: int


def mine_texts(texts: Iterable[str]) -> list[Template]:
    """Return the templates that Drain finds in canonical texts, in the order of their creation.

    The same texts in the same order give the same templates.
    """
    tree = empty_tree()
    for text in texts:
        tree.add_log_message(text)
    found = (" ".join(cluster.log_template_tokens) for cluster in tree.clusters)
    return [Template.of(text) for text in dict.fromkeys(found)]


def mine(
    warehouse: Warehouse,
    *,
    fraction: float = 0.8,
    calibration: float = 0.2,
    progress: Progress | None = None,
) -> MiningReport:
    """Mine the templates of the training period and store them.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with logs.
    fraction : float
        The training period: this share of the lines, earliest first. The later lines are kept
        for evaluation and never used here.
    calibration : float
        The last part of the training period, kept for calibration.
    progress : Progress, optional
        Receives the progress.

    Raises
    ------
    InputError
        If the fraction is out of range.
    MissingStageError
        If there are no logs.
    """
    check_split(warehouse, fraction)
    progress = progress or SilentProgress()
    with warehouse.transaction():
        set_split(warehouse, fraction, calibration)
        new = adopt_answered(warehouse)
        with progress.step("mining templates"):
            found = mine_texts(_training_texts(warehouse))
        new += _append(warehouse, found)
        matching.match_events(warehouse, progress=progress)
    return _report(warehouse, new)


def adopt_answered(warehouse: Warehouse) -> int:
    """Make templates of the provisional ones that have been answered, so that models learn them.

    Their events may lie after the split: that they were asked about has already used them. A
    provisional template keeps its text, except where its wildcards are parts of words, which Drain
    does not know: then Drain runs over its events alone. Frozen templates do not move.

    Returns
    -------
    int
        How many templates are new.
    """
    events: dict[str, list[tuple[int, str]]] = {}
    for _, text, event_id, canonical in warehouse.rows(sql.load("templates/answered_events")):
        events.setdefault(text, []).append((event_id, canonical))
    found: list[Template] = []
    assigned: list[tuple[int, str]] = []
    for text, members in events.items():
        own = adopted_templates(text, [canonical for _, canonical in members])
        found += own.templates
        matched = [(event_id, own.match(canonical)) for event_id, canonical in members]
        assigned += [(event_id, t.template_id) for event_id, t in matched if t is not None]
    new = _append(warehouse, list(dict.fromkeys(found)))
    matching.assign(warehouse, assigned)
    return new


def adopted_templates(text: str, canonical: Sequence[str]) -> TemplateSet:
    """Return the templates that take the place of a provisional one.

    Parameters
    ----------
    text : str
        The provisional template.
    canonical : sequence of str
        The texts that have it.
    """
    own = TemplateSet((Template.of(" ".join(text.split())),))
    if all(own.match(each) for each in canonical):
        return own
    return TemplateSet(tuple(mine_texts(canonical)))


def _training_texts(warehouse: Warehouse) -> Iterator[str]:
    """Stream the texts to mine, so that they need not fit into memory."""
    result = warehouse.connection.execute(sql.load("templates/unmatched_training_events"))
    while rows := result.fetchmany(matching.SLICE):
        yield from (row[1] for row in rows)


def _append(warehouse: Warehouse, found: Sequence[Template]) -> int:
    """Append the new templates; known ones keep their position. Return how many are new."""
    known = {template.template_id for template in read_templates(warehouse).templates}
    new = [template for template in found if template.template_id not in known]
    if not new:
        return 0
    order, generation = warehouse.rows(
        "SELECT coalesce(max(match_order), 0), coalesce(max(generation), 0) FROM fame.templates"
    )[0]
    table = pa.table(
        {
            "template_id": [template.template_id for template in new],
            "template": [template.text for template in new],
            "match_order": list(range(order + 1, order + 1 + len(new))),
            "generation": [generation + 1] * len(new),
        }
    )
    statement = sql.load("templates/add_templates")
    warehouse.with_table("mined_templates", table, statement, {"mined_at": utc_now()})
    return len(new)


def _report(warehouse: Warehouse, new: int) -> MiningReport:
    total, events, unmatched, lines = warehouse.rows(sql.load("templates/report"))[0]
    return MiningReport(new, total, events, unmatched, lines)
