"""Set-based scoring: each event that has no verdict yet is judged once, in large batches.

Events are streamed, so that memory holds one batch however many there are. Processes exclude
each other by DuckDB's lock on the file, threads by a turn a warehouse; what was committed while
a thread waited is not judged again.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import WarehouseError
from fame_sql.model import Model, Verdict
from fame_sql.registry import load_champion
from fame_sql.templates import match_events
from fame_sql.udfs.live import Memory, memory_of
from fame_sql.warehouse import Warehouse, utc_now

BATCH = 16_384
"""Events judged and committed at once."""

BYTES_AN_EVENT = 64
"""Disk that one stored verdict takes: a cautious guess, for the check before a run."""

_SCHEMA = pa.schema(
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
        ("is_anomaly", pa.bool_()),
        ("template", pa.string()),
    ]
)

_turns: dict[Path, threading.RLock] = {}
_turns_lock = threading.Lock()


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


@dataclass(frozen=True)
class ScoringEstimate:
    """What a scoring pass would take.

    Parameters
    ----------
    events : int
        Events without a verdict.
    lines : int
        Log lines that they stand for.
    bytes_needed, bytes_free : int
        Disk that their verdicts take at most, and what the warehouse's disk has left.
    seconds : float or None
        From what this process has measured, None if it has not judged anything yet.
    """

    events: int
    lines: int
    bytes_needed: int
    bytes_free: int
    seconds: float | None


def estimate_scoring(warehouse: Warehouse) -> ScoringEstimate:
    """Return what scoring the rest of the events would take, without scoring any.

    Raises
    ------
    MissingStageError
        If no model is published.
    """
    model = load_champion(warehouse)
    parameters = {"model_version": model.version}
    events, lines = warehouse.rows(sql.load("scores/pending"), parameters)[0]
    memory = memory_of(model.version)
    each = memory.seconds / memory.judged if memory.judged else None
    free = shutil.disk_usage(warehouse.path.absolute().parent).free
    needed = events * BYTES_AN_EVENT
    return ScoringEstimate(events, lines, needed, free, None if each is None else each * events)


def score_events(warehouse: Warehouse, *, progress: Progress | None = None) -> ScoringReport:
    """Judge every event that the champion has not judged, and store the verdicts.

    Each batch is committed: a run that is stopped goes on from there.

    Raises
    ------
    MissingStageError
        If no model is published.
    ModelError
        If the published model cannot be trusted.
    WarehouseError
        If the disk has no room for the verdicts.
    """
    progress = progress or SilentProgress()
    model = load_champion(warehouse)
    memory = memory_of(model.version)
    with warehouse.transaction():
        match_events(warehouse, progress=progress)
    with scoring_turn(warehouse.path):
        needs = estimate_scoring(warehouse)
        check_room(needs.bytes_needed, needs.bytes_free, warehouse.path)
        what = f"scoring events (at most {needs.bytes_needed / 1e6:.0f} MB on disk)"
        with progress.step(what, needs.events) as step:
            for batch in _pending(warehouse):
                _score_batch(warehouse, model, memory, batch)
                step.advance(len(batch))
    events, lines = warehouse.rows("SELECT count(*), coalesce(sum(lines), 0) FROM fame.events")[0]
    return ScoringReport(needs.events, events, int(lines), model.version)


@contextmanager
def scoring_turn(path: Path) -> Iterator[None]:
    """Let one thread of this process at a time score the warehouse at ``path``."""
    with _turns_lock:
        turn = _turns.setdefault(path.absolute(), threading.RLock())
    with turn:
        yield


def check_room(needed: int, free: int, path: Path) -> None:
    """Refuse work that the disk has no room for.

    Parameters
    ----------
    needed, free : int
        Bytes.
    path : Path
        What would grow.

    Raises
    ------
    WarehouseError
        If more is needed than there is.
    """
    if needed > free:
        raise WarehouseError(
            f"{path} needs up to {needed / 1e6:,.0f} MB more on a disk that has "
            f"{free / 1e6:,.0f} MB left: free some room, or move the warehouse, and try again"
        )


def verdict_table(event_ids: Sequence[int], verdicts: Sequence[Verdict]) -> pa.Table:
    """Return verdicts as an Arrow table, one row an event, in the columns of ``fame.scores``."""
    rows = [
        {"event_id": event_id, **asdict(verdict)}
        for event_id, verdict in zip(event_ids, verdicts, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def store_verdicts(connection: duckdb.DuckDBPyConnection, verdicts: pa.Table) -> None:
    """Add verdicts to ``fame.scores``, but for those that are there."""
    connection.register("new_verdicts", verdicts)
    try:
        connection.execute(sql.load("scores/add"), {"scored_at": utc_now()})
    finally:
        connection.unregister("new_verdicts")


def _pending(warehouse: Warehouse) -> Iterator[pa.RecordBatch]:
    """Stream unscored events from one snapshot, on a cursor of its own."""
    cursor = warehouse.connection.cursor()
    try:
        yield from cursor.sql(sql.load("scores/unscored")).to_arrow_reader(BATCH)
    finally:
        cursor.close()


def _score_batch(warehouse: Warehouse, model: Model, memory: Memory, batch: pa.RecordBatch) -> None:
    canonical = batch.column(1).to_pylist()
    known = memory.judge(model, canonical)
    table = verdict_table(batch.column(0).to_pylist(), [known[text] for text in canonical])
    with warehouse.transaction():
        store_verdicts(warehouse.connection, table)
