"""Batch scoring: each event without a verdict is scored once, in large batches.

Events are read in slices of their ids, so that memory holds only one batch, nothing is sorted on
disk, and no old snapshot makes the file grow. Processes exclude each other by DuckDB's lock on the
file, threads by a lock per warehouse; what was committed while a thread waited is not scored again.
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
from fame_sql.models import load_champion, load_published
from fame_sql.models.model import Model
from fame_sql.scoring.cache import VerdictCache, shared_cache
from fame_sql.templates.matching import match_collected, match_events
from fame_sql.templates.templates import read_templates
from fame_sql.verdict import Verdict, statements
from fame_sql.verdict.columns import ARROW_FIELDS
from fame_sql.warehouse.disk import check_room
from fame_sql.warehouse.lake.feed import Mark, collect_new_events, is_worth_remembering, remember
from fame_sql.warehouse.lake.kind import is_lake, load_for
from fame_sql.warehouse.warehouse import Warehouse, utc_now

BATCH = 16_384
"""Events scored and committed at once."""

BYTES_PER_EVENT = 64
"""Cautious estimate of the disk space of one stored verdict."""

TEMPORARY_BYTES_PER_EVENT = 32
"""Cautious estimate of the memory, or temporary disk, per event for finding unscored events."""

_SCHEMA = pa.schema([("event_id", pa.int64()), *ARROW_FIELDS])

_turns: dict[Path, threading.RLock] = {}
_turns_lock = threading.Lock()


@dataclass(frozen=True)
class ScoringReport:
    """What a scoring pass did.

    Parameters
    ----------
    scored, events : int
        Events scored now, and all events.
    lines : int
        Log lines of all events.
    model_version : str
        The model that scored them.
    lines_by_value : int
        Lines whose values decide, so that they are judged a message at a time when they are read.
    """

    scored: int
    events: int
    lines: int
    model_version: str
    lines_by_value: int = 0


@dataclass(frozen=True)
class ScoringEstimate:
    """What a scoring pass would take.

    Parameters
    ----------
    events : int
        Events without a verdict.
    lines : int
        Log lines of these events.
    bytes_needed, bytes_free : int
        Disk space that their verdicts take at most, and what the warehouse's disk has left.
    bytes_temporary : int
        Space for finding them, at most: in memory, or in DuckDB's ``temp_directory``.
    seconds : float or None
        Estimated from this process's own rate; None if it has not scored anything yet.
    """

    events: int
    lines: int
    bytes_needed: int
    bytes_free: int
    bytes_temporary: int
    seconds: float | None


def estimate_scoring(warehouse: Warehouse, *, version: str | None = None) -> ScoringEstimate:
    """Estimate the scoring of all events without a verdict, without scoring any.

    Parameters
    ----------
    warehouse : Warehouse
        Where the events are stored.
    version : str, optional
        The published model to score with; by default the champion.

    Raises
    ------
    MissingStageError
        If no model is published.
    """
    model = _load(warehouse, version)
    if is_lake(warehouse.connection):
        collect_new_events(warehouse.connection, model.version)
    return _estimate(warehouse, model)


def _load(warehouse: Warehouse, version: str | None) -> Model:
    return load_champion(warehouse) if version is None else load_published(warehouse, version)


def _estimate(warehouse: Warehouse, model: Model) -> ScoringEstimate:
    pending = _count_pending(warehouse, model)
    cache = shared_cache(model.version)
    each = cache.seconds / cache.judged if cache.judged else None
    return ScoringEstimate(
        events=pending.events,
        lines=pending.lines,
        bytes_needed=pending.events * BYTES_PER_EVENT,
        bytes_free=shutil.disk_usage(warehouse.path.absolute().parent).free,
        bytes_temporary=pending.of_events * TEMPORARY_BYTES_PER_EVENT if pending.events else 0,
        seconds=None if each is None else each * pending.events,
    )


def score_events(
    warehouse: Warehouse, *, version: str | None = None, progress: Progress | None = None
) -> ScoringReport:
    """Score every event that a model has not scored, and store the verdicts.

    Each batch is committed, so that an interrupted run can be continued.

    Parameters
    ----------
    warehouse : Warehouse
        Where the events are stored.
    version : str, optional
        The published model to score with; by default the champion.
    progress : Progress, optional
        Shows the progress.

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
    model = _load(warehouse, version)
    cache = shared_cache(model.version)
    with scoring_turn(warehouse.path):
        mark = _match(warehouse, model, progress)
        needs = _estimate(warehouse, model)
        _check_disks(warehouse, needs)
        what = f"scoring events (at most {needs.bytes_needed / 1e6:.0f} MB on disk)"
        with progress.step(what, needs.events) as step:
            for batch in _pending(warehouse, model):
                _score_batch(warehouse, model, cache, batch)
                step.advance(batch.num_rows)
        if mark is not None and is_worth_remembering(warehouse.connection, mark):
            with warehouse.transaction():
                remember(warehouse.connection, mark)
    events, lines = warehouse.rows("SELECT count(*), coalesce(sum(lines), 0) FROM fame.events")[0]
    return ScoringReport(
        scored=needs.events,
        events=events,
        lines=int(lines),
        model_version=model.version,
        lines_by_value=_count_by_value(warehouse, model),
    )


def _match(warehouse: Warehouse, model: Model, progress: Progress) -> Mark | None:
    """Match the events without a template; in a lake, those that have come, up to a mark."""
    if not is_lake(warehouse.connection):
        match_events(warehouse, progress=progress)
        return None
    mark = collect_new_events(warehouse.connection, model.version)
    match_collected(warehouse, read_templates(warehouse), progress)
    return mark


def _count_by_value(warehouse: Warehouse, model: Model) -> int:
    """Return how many lines have a template with a value head of the model."""
    if not model.heads:
        return 0
    parameters = {"templates": sorted(model.heads.by_template), "model_version": model.version}
    return int(warehouse.value(sql.load("scoring/count_by_value"), parameters))


@contextmanager
def scoring_turn(path: Path) -> Iterator[None]:
    """Allow only one thread of this process at a time to score the warehouse at ``path``."""
    with _turns_lock:
        turn = _turns.setdefault(path.absolute(), threading.RLock())
    with turn:
        yield


def verdict_table(event_ids: Sequence[int | None], verdicts: Sequence[Verdict]) -> pa.Table:
    """Return verdicts as an Arrow table with one row per event, for ``fame.scores``."""
    rows = [
        {"event_id": event_id, **asdict(verdict)}
        for event_id, verdict in zip(event_ids, verdicts, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def store_verdicts(connection: duckdb.DuckDBPyConnection, verdicts: pa.Table) -> None:
    """Add a model's verdicts to ``fame.scores``, except those that are stored already.

    The events' provisional templates are noticed with them, so that they can be asked about.
    """
    connection.register("new_verdicts", verdicts)
    try:
        connection.execute(statements.load("scoring/add"), {"scored_at": utc_now()})
        connection.execute(sql.load("scoring/notice_events"))
    finally:
        connection.unregister("new_verdicts")


def _check_disks(warehouse: Warehouse, needs: ScoringEstimate) -> None:
    """Refuse a run for which the warehouse's disk or that of temporary files has no room."""
    check_room(needs.bytes_needed, needs.bytes_free, warehouse.path)
    place = temporary_place(warehouse.connection)
    check_room(needs.bytes_temporary, shutil.disk_usage(place).free, place)


def temporary_place(connection: duckdb.DuckDBPyConnection) -> Path:
    """Return the existing folder in which DuckDB creates its temporary files or their folder."""
    folder = connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0]
    place = Path(folder or ".").absolute()
    while not place.exists():
        place = place.parent
    return place


@dataclass(frozen=True)
class _Pending:
    """The events without a verdict: their number and lines, and the number of all events."""

    events: int
    lines: int
    of_events: int


def _count_pending(warehouse: Warehouse, model: Model) -> _Pending:
    parameters = {"model_version": model.version}
    statement = load_for(warehouse.connection, "scoring/pending")
    return _Pending(**warehouse.records(statement, parameters)[0])


def _pending(warehouse: Warehouse, model: Model) -> Iterator[pa.Table]:
    """Yield the unscored events in slices of ids, each read when it is needed."""
    version = {"model_version": model.version}
    statement = load_for(warehouse.connection, "scoring/unscored")
    slices = load_for(warehouse.connection, "scoring/slices")
    for first, last in warehouse.rows(slices, {"most": BATCH, **version}):
        bounds = {"first": first, "last": last, **version}
        batch = warehouse.connection.sql(statement, params=bounds).to_arrow_table()
        if batch.num_rows:
            yield batch


def _score_batch(warehouse: Warehouse, model: Model, cache: VerdictCache, batch: pa.Table) -> None:
    canonical = batch.column("canonical").to_pylist()
    known = cache.judge(model, canonical)
    verdicts = [known[text] for text in canonical]
    table = verdict_table(batch.column("event_id").to_pylist(), verdicts)
    with warehouse.transaction():
        store_verdicts(warehouse.connection, table)
