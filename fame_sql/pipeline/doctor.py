"""What is wrong with a warehouse, and which command mends it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fame_sql import sql
from fame_sql.console import PART, Progress, SilentProgress
from fame_sql.errors import FameError
from fame_sql.models import load_champion
from fame_sql.operations.alerts.findings import alert_findings
from fame_sql.operations.drift import read_drift
from fame_sql.operations.levels import level_findings
from fame_sql.pipeline.checksums import damage
from fame_sql.storage.views import partition_place
from fame_sql.warehouse import lines
from fame_sql.warehouse.definitions import are_current
from fame_sql.warehouse.lake import feed
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.progress import statement_progress
from fame_sql.warehouse.reach import data_of_lake
from fame_sql.warehouse.warehouse import Warehouse

_LEAST_ROOM = 200_000_000


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    Parameters
    ----------
    what : str
        What is wrong, and what follows from it.
    command : str
        What mends it.
    is_problem : bool
        Whether something must be done. Else it is a remark: what the warehouse has and tells still
        holds.
    """

    what: str
    command: str
    is_problem: bool = True


def examine(
    warehouse: Warehouse, *, deep: bool = False, progress: Progress | None = None
) -> list[Finding]:
    """Return what is wrong with a warehouse, the most serious first.

    Parameters
    ----------
    warehouse : Warehouse
        May be open read-only.
    deep : bool
        Read every byte of the warehouse, of its partitions and of its models as well.
    progress : Progress, optional
        Where to report how far it is.
    """
    progress = progress or SilentProgress()
    if deep and (damaged := [Finding(*each) for each in damage(warehouse, progress)]):
        return damaged
    found: list[Finding] = []
    with progress.step("examining the warehouse", len(_CHECKS) * PART) as step:
        for check in _CHECKS:
            with statement_progress(warehouse.connection, step):
                found += check(warehouse)
    return found


def _changed_lines(warehouse: Warehouse) -> Iterator[Finding]:
    connection = warehouse.connection
    if is_lake(connection):
        if changed := feed.changed_lines(connection):
            yield Finding(
                f"{changed:,} lines in fame.logs were changed by another program, and have the "
                "events and verdicts of their former messages",
                "fame repair",
            )
    elif lines.stored_state(connection) is not None and lines.check(connection) is None:
        yield Finding(
            "lines in fame.logs were changed, added or deleted by another program: stored verdicts "
            "may be those of other messages, and queries do not use them by event",
            "fame repair",
        )


def _definitions(warehouse: Warehouse) -> Iterator[Finding]:
    if not are_current(warehouse.connection):
        yield Finding("its views and macros are those of another fame-sql", "fame upgrade")


def _model(warehouse: Warehouse) -> Iterator[Finding]:
    try:
        load_champion(warehouse)
    except FameError as error:
        # Before the first training, counts and incidents work without one.
        had_one = bool(warehouse.value("SELECT count(*) FROM fame.champion"))
        yield Finding(f"there is no model to score with: {error}", "fame compile", had_one)


def _unscored(warehouse: Warehouse) -> Iterator[Finding]:
    has_model = warehouse.value("SELECT count(*) FROM fame.champion")
    count = warehouse.value(sql.load("scoring/count_unscored"))
    if has_model and count:
        yield Finding(f"{count} events have no verdict of the champion", "fame score")


def _partitions(warehouse: Warehouse) -> Iterator[Finding]:
    place = partition_place(warehouse)
    if place is None:
        return
    stored = [path for (path,) in warehouse.rows(sql.load("pipeline/stored_files"))]
    if missing := place.missing(stored):
        yield Finding(
            f"{len(missing)} of {len(stored)} partitions are not at {place.root}, such as "
            f"{missing[0]}: queries of their days fail. Put the files back, or name their place",
            "fame partition place FOLDER",
        )


def _room(warehouse: Warehouse) -> Iterator[Finding]:
    data = data_of_lake(warehouse.connection)
    if data is not None and "://" in data:
        return
    place = warehouse.path.absolute().parent if data is None else Path(data)
    size = warehouse.path.stat().st_size if data is None else 0
    if not place.exists():
        return  # Whatever reads the files says so.
    free = shutil.disk_usage(place).free
    if free < max(_LEAST_ROOM, size // 10):
        yield Finding(
            f"the disk of {data or warehouse.path} has {free / 1e6:,.0f} MB left, and what cannot "
            "be written is neither ingested nor told of: free some room, or give days away",
            f"fame {'partition move' if data is None else 'expire'} --older-than 30d",
        )


def _drift(warehouse: Warehouse) -> Iterator[Finding]:
    if not warehouse.value("SELECT count(*) FROM fame.champion"):
        return
    found = read_drift(warehouse)
    if found.freshness == "stale":
        yield Finding(f"the model is stale: {found.reason}", found.command or "fame drift")


def _views(warehouse: Warehouse) -> Iterator[Finding]:
    for (view,) in warehouse.rows(sql.load("pipeline/live_views")):
        yield Finding(
            f"the view {view} calls a live function, so that no program without Python can read "
            "it, and its rows are scored at each reading: read scored_logs in it, or fame.score",
            f"DROP VIEW {view}",
            is_problem=False,
        )


def _feedback(warehouse: Warehouse) -> Iterator[Finding]:
    count = warehouse.value(
        "SELECT count(*) FROM fame.feedback_periods WHERE NOT is_complete AND withdrawn_at IS NULL"
    )
    if count:
        yield Finding(
            f"{count} rows of fame.feedback have no effect: the list says why",
            "fame feedback list",
            is_problem=False,
        )


def _alerts(warehouse: Warehouse) -> Iterator[Finding]:
    for what, command in alert_findings(warehouse):
        yield Finding(what, command)


def _levels(warehouse: Warehouse) -> Iterator[Finding]:
    # A level looks back for a week: it stays missed long after its cause is mended.
    for what, command in level_findings(warehouse):
        yield Finding(what, command, is_problem=False)


_CHECKS = (
    *(_changed_lines, _definitions, _model, _unscored, _partitions),
    *(_room, _drift, _views, _feedback, _alerts, _levels),
)
