"""Set-based scoring: each event that has no verdict yet is judged once, in large batches."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.model import Model
from fame_sql.registry import load_champion
from fame_sql.templates import match_events
from fame_sql.warehouse import Warehouse, utc_now

BATCH = 16_384


@dataclass(frozen=True)
class ScoringReport:
    """What a scoring pass did.

    Parameters
    ----------
    scored, events : int
        Events judged now, and all that there are.
    lines : int
        Log lines that these events stand for.
    model_version : str
        The model that judged.
    """

    scored: int
    events: int
    lines: int
    model_version: str


def score_events(warehouse: Warehouse, *, progress: Progress | None = None) -> ScoringReport:
    """Judge every event that the champion has not judged, and store the verdicts.

    Each batch is committed: a run that is stopped goes on from there.

    Raises
    ------
    MissingStageError
        If no model is published.
    ModelError
        If the published model cannot be trusted.
    """
    progress = progress or SilentProgress()
    model = load_champion(warehouse)
    with warehouse.transaction():
        match_events(warehouse, progress=progress)
    pending = warehouse.rows(sql.load("scores/unscored"), [model.version])
    with progress.step("scoring events", len(pending)) as step:
        for start in range(0, len(pending), BATCH):
            batch = pending[start : start + BATCH]
            _score_batch(warehouse, model, batch)
            step.advance(len(batch))
    events, lines = warehouse.rows("SELECT count(*), coalesce(sum(lines), 0) FROM fame.events")[0]
    return ScoringReport(len(pending), events, int(lines), model.version)


def _score_batch(warehouse: Warehouse, model: Model, batch: list[tuple[int, str]]) -> None:
    verdicts = model.verdicts([canonical for _, canonical in batch])
    rows = [
        {"event_id": event_id, **asdict(verdict)}
        for (event_id, _), verdict in zip(batch, verdicts, strict=True)
    ]
    schema = pa.schema(
        [
            ("model_version", pa.string()),
            ("event_id", pa.int32()),
            ("score", pa.float64()),
            ("domain", pa.string()),
            ("domain_confidence", pa.float64()),
            ("novelty", pa.float64()),
            ("template_id", pa.string()),
            ("known_template", pa.bool_()),
            ("threshold", pa.float64()),
        ]
    )
    table = pa.Table.from_pylist(rows, schema=schema)
    with warehouse.transaction():
        statement = sql.load("scores/add")
        warehouse.with_table("new_verdicts", table, statement, {"scored_at": utc_now()})
