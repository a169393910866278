"""A trial: a warehouse that holds only the known lines, and the lines it is judged on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fame_sql import sql
from fame_sql.evaluation.study.splits import LabelledLines, Split
from fame_sql.labels import STRATEGIES, label_from_column, label_some_from_column
from fame_sql.sql.quoting import literal
from fame_sql.templates.mining import mine
from fame_sql.templates.templates import TemplateSet, read_templates
from fame_sql.warehouse.values import write_value_heads
from fame_sql.warehouse.warehouse import Warehouse

BLOCKS = 20


@dataclass(frozen=True)
class EvaluatedLines:
    """The lines that a trial is judged on; equal lines of the same time block are one entry.

    Parameters
    ----------
    event_id, block : int64 array
        The event, and the number of the block of time, from 0.
    is_anomaly, seen, seen_category : bool array
        The label; whether a template of the training period matches the event; whether its alert
        category has a label in the training period (true for normal lines).
    severity : int64 array
        Severity number of OpenTelemetry, 0 where there is none.
    category : object array
        Alert category, None for normal lines.
    lines : float64 array
        Number of lines of each entry.
    """

    event_id: npt.NDArray[np.int64]
    block: npt.NDArray[np.int64]
    is_anomaly: npt.NDArray[np.bool_]
    severity: npt.NDArray[np.int64]
    seen: npt.NDArray[np.bool_]
    seen_category: npt.NDArray[np.bool_]
    category: npt.NDArray[np.object_]
    lines: npt.NDArray[np.float64]


@dataclass(frozen=True)
class LabelledEvent:
    """A labelled event of a trial: its text, template, share of anomalous labels and lines."""

    event_id: int
    canonical: str
    template_id: str
    share: float
    lines: int


@dataclass(frozen=True)
class Trial:
    """A warehouse with the known lines, mined and labelled, and the lines it is judged on.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with only the known lines.
    templates : TemplateSet
        Mined from them.
    labelled : list of LabelledEvent
        Labelled events.
    labels : int
        Lines that were labelled.
    judged : EvaluatedLines
        The lines that the detectors are judged on.
    texts : dict of int to str
        Canonical text of each test event.
    """

    warehouse: Warehouse
    templates: TemplateSet
    labelled: list[LabelledEvent]
    labels: int
    judged: EvaluatedLines
    texts: dict[int, str]


@contextmanager
def trial(
    source: Path,
    folder: Path,
    lines: LabelledLines,
    split: Split,
    per_template: int,
    strategy: str = STRATEGIES[0],
    seed: int = 0,
    value_heads: bool = False,
) -> Iterator[Trial]:
    """Set up a trial in a new warehouse in ``folder``.

    Parameters
    ----------
    source : Path
        The warehouse with all lines; it is only read.
    folder : Path
        An empty folder for the trial's warehouse and models.
    lines : LabelledLines
        All labelled lines of the source.
    split : Split
        Which of them are known and which are judged.
    per_template : int
        K: maximum labelled lines per template.
    strategy : str
        How to choose the lines to label; as many are labelled as K per template would.
    seed : int
        Seed of the random choice.
    value_heads : bool
        Spread the labels over values, as the fitting of value heads needs it.
    """
    with Warehouse.open(folder / "trial.duckdb", create=True, external_access=True) as warehouse:
        _copy_known_lines(warehouse, source, lines.log_id[split.known])
        mine(warehouse, fraction=1)
        write_value_heads(warehouse.connection, wanted=value_heads)
        report = label_from_column(warehouse, per_template=per_template)
        if strategy != STRATEGIES[0]:
            spent = report.labels
            report = label_some_from_column(warehouse, spent, strategy=strategy, seed=seed)
        templates = read_templates(warehouse)
        rows = warehouse.records(sql.load("evaluation/labelled_events"))
        judged = _group_lines(lines, split, templates, _known_categories(warehouse))
        yield Trial(
            warehouse=warehouse,
            templates=templates,
            labelled=[LabelledEvent(**row) for row in rows],
            labels=report.labels,
            judged=judged,
            texts={event: lines.canonical[event] for event in np.unique(judged.event_id).tolist()},
        )


def _copy_known_lines(warehouse: Warehouse, source: Path, log_ids: npt.NDArray[np.int64]) -> None:
    warehouse.connection.execute(f"ATTACH {literal(source)} AS whole (READ_ONLY)")
    try:
        kept = pa.table({"log_id": log_ids})
        with warehouse.transaction():
            warehouse.with_table("kept_lines", kept, sql.load("evaluation/copy_known_lines"))
    finally:
        warehouse.connection.execute("DETACH whole")


def _known_categories(warehouse: Warehouse) -> set[str]:
    rows = warehouse.rows("SELECT DISTINCT category FROM fame.labels WHERE category IS NOT NULL")
    return {row[0] for row in rows}


def _group_lines(
    lines: LabelledLines, split: Split, templates: TemplateSet, categories: set[str]
) -> EvaluatedLines:
    judged = split.judged
    category = lines.category[judged]
    table = pa.table(
        {
            "event_id": lines.event_id[judged],
            "block": np.arange(len(judged)) * BLOCKS // len(judged),
            "is_anomaly": lines.is_anomaly[judged],
            "severity": lines.severity[judged],
            "category": pa.array(category.tolist(), pa.string()),
            "lines": np.ones(len(judged)),
        }
    )
    keys = ["event_id", "block", "is_anomaly", "severity", "category"]
    rows = table.group_by(keys, use_threads=False).aggregate([("lines", "sum")])
    event_id = rows["event_id"].to_numpy()
    names = rows["category"].to_pylist()
    known = {
        event: templates.match(lines.canonical[event]) is not None
        for event in np.unique(event_id).tolist()
    }
    return EvaluatedLines(
        event_id=event_id,
        block=rows["block"].to_numpy(),
        is_anomaly=rows["is_anomaly"].to_numpy(zero_copy_only=False).astype(bool),
        severity=rows["severity"].to_numpy(),
        seen=np.array([known[event] for event in event_id.tolist()], dtype=bool),
        seen_category=np.array([name is None or name in categories for name in names], dtype=bool),
        category=np.array(names, dtype=object),
        lines=rows["lines_sum"].to_numpy(),
    )
