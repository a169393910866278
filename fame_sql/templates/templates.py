"""Templates: Drain over canonical events, frozen once mined.

Drain runs over distinct canonical events in the order of their first appearance, never over
lines. A template that was published never changes: later minings look only at the events that
no template knows, and append. Matching is Drain's exact match of a frozen tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError, MissingStageError
from fame_sql.warehouse.warehouse import Warehouse, utc_now

if TYPE_CHECKING:
    from drain3.drain import Drain

SIMILARITY = 0.4
DEPTH = 4

SLICE = 16_384
"""Events read and matched at once."""


@dataclass(frozen=True, slots=True)
class Template:
    """A frozen template; wildcards are ``<*>``, beside the masks' placeholders.

    Parameters
    ----------
    template_id : str
        Content hash of ``text``.
    text : str
        Words joined by one space.
    """

    template_id: str
    text: str

    @classmethod
    def of(cls, text: str) -> Template:
        """Return the template with this text."""
        return cls(hashlib.md5(text.encode()).hexdigest()[:16], text)


@dataclass(frozen=True)
class TemplateSet:
    """Templates in the order in which they are tried."""

    templates: tuple[Template, ...]

    @cached_property
    def _tree(self) -> Drain:
        from drain3.drain import LogCluster

        tree = _drain()
        for number, template in enumerate(self.templates, 1):
            cluster = LogCluster(template.text.split(), number)
            tree.id_to_cluster[number] = cluster
            tree.add_seq_to_prefix_tree(tree.root_node, cluster)
        return tree

    def match(self, canonical: str) -> Template | None:
        """Return the template that knows this canonical text, or None.

        Nothing is learned from what is matched. Not for several threads at once.
        """
        cluster = self._tree.match(canonical, full_search_strategy="fallback")
        return None if cluster is None else self.templates[cluster.cluster_id - 1]


def mine_texts(texts: Iterable[str]) -> list[Template]:
    """Return the templates that Drain finds in canonical texts, in the order it made them.

    The same texts in the same order give the same templates.
    """
    drain = _drain()
    for text in texts:
        drain.add_log_message(text)
    found = (" ".join(cluster.log_template_tokens) for cluster in drain.clusters)
    return [Template.of(text) for text in dict.fromkeys(found)]


def _drain() -> Drain:
    from drain3.drain import Drain

    return Drain(depth=DEPTH, sim_th=SIMILARITY, max_clusters=None)


@dataclass(frozen=True)
class MiningReport:
    """What a mining found.

    Parameters
    ----------
    new, total : int
        Templates this mining added, and all of them.
    events, unmatched : int
        Events in the warehouse, and those that no template knows.
    training_lines : int
        Lines of the training period.
    """

    new: int
    total: int
    events: int
    unmatched: int
    training_lines: int


def mine(
    warehouse: Warehouse,
    *,
    fraction: float = 0.8,
    calibration: float = 0.2,
    progress: Progress | None = None,
) -> MiningReport:
    """Mine the templates of the training period and freeze them.

    Parameters
    ----------
    warehouse : Warehouse
        Where the events are.
    fraction : float
        The training period: this share of the lines, the earliest in time. The rest is kept
        for evaluation and never looked at here.
    calibration : float
        The last part of the training period, kept for calibration.
    progress : Progress, optional
        Where to tell how far it is.

    Raises
    ------
    InputError
        If a share is out of range.
    MissingStageError
        If no log has been ingested.
    """
    if not 0 < fraction <= 1:
        raise InputError(f"the split must lie above 0 and at most at 1, and {fraction} does not")
    if not warehouse.value("SELECT count(*) FROM fame.logs"):
        raise MissingStageError("no logs in the warehouse", "fame ingest LOGFILE")
    progress = progress or SilentProgress()
    with warehouse.transaction():
        _set_split(warehouse, fraction, calibration)
        with progress.step("mining templates"):
            found = mine_texts(_training_texts(warehouse))
        new = _publish(warehouse, found)
        match_events(warehouse, progress=progress)
    return _report(warehouse, new)


def match_events(warehouse: Warehouse, *, progress: Progress | None = None) -> int:
    """Give each event that has no template the published one that knows it, if there is one.

    Memory holds one slice of the events; outside a transaction each slice is committed.

    Returns
    -------
    int
        How many events got a template.
    """
    known = read_templates(warehouse)
    if not known.templates:
        return 0
    matched = 0
    events, first, last = warehouse.rows(sql.load("templates/unmatched"))[0]
    with (progress or SilentProgress()).step("matching events", events) as step:
        for start in range(first, last + 1, SLICE):
            rows = warehouse.rows(
                sql.load("templates/unmatched_slice"), {"first": start, "stop": start + SLICE}
            )
            matched += _assign(warehouse, known, rows)
            step.advance(len(rows))
    warehouse.connection.execute(sql.load("templates/recount"))
    return matched


def _assign(warehouse: Warehouse, known: TemplateSet, rows: list[tuple[int, str]]) -> int:
    """Give a slice of events their templates, and return how many got one."""
    found = [(event_id, known.match(canonical)) for event_id, canonical in rows]
    matched = [(event_id, t.template_id) for event_id, t in found if t is not None]
    if matched:
        ids, templates = zip(*matched, strict=True)
        table = pa.table(
            {"event_id": pa.array(ids, pa.int32()), "template_id": pa.array(templates)}
        )
        warehouse.with_table("matched_events", table, sql.load("templates/assign_events"))
    return len(matched)


def _training_texts(warehouse: Warehouse) -> Iterator[str]:
    """Stream the texts to be mined: DuckDB keeps what does not fit, Drain takes one at a time."""
    result = warehouse.connection.execute(sql.load("templates/unmatched_training_events"))
    while rows := result.fetchmany(SLICE):
        yield from (row[1] for row in rows)


def read_templates(warehouse: Warehouse) -> TemplateSet:
    """Return the warehouse's templates in match order."""
    rows = warehouse.rows("SELECT template_id, template FROM fame.templates ORDER BY match_order")
    return TemplateSet(tuple(Template(template_id, text) for template_id, text in rows))


def _set_split(warehouse: Warehouse, fraction: float, calibration: float) -> None:
    warehouse.connection.execute("DELETE FROM fame.splits")
    warehouse.connection.execute(
        sql.load("templates/set_split"),
        {"fraction": fraction, "calibration": calibration, "made_at": utc_now()},
    )


def _publish(warehouse: Warehouse, found: Sequence[Template]) -> int:
    """Append the templates that are new; a known identity keeps its place."""
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
