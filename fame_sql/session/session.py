"""Opening a DuckDB connection with the live functions, or adding them to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

import duckdb

from fame_sql import sql
from fame_sql.canonical.canonical import Recipe, default_recipe
from fame_sql.errors import InputError, ModelError
from fame_sql.models import load, load_champion
from fame_sql.models.model import Model
from fame_sql.scoring.live import LiveScorer
from fame_sql.scoring.policy import read_unseen
from fame_sql.storage.views import reach_partitions, renew_views
from fame_sql.templates.answers import NO_ANSWERS, Answers, answers_state, read_answers
from fame_sql.udfs import duckdb as functions
from fame_sql.verdict import Verdict, statements
from fame_sql.warehouse.lake.address import file_for, is_lake_path, named_lake
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.lake.opening import open_lake_at
from fame_sql.warehouse.migrations import schema_version
from fame_sql.warehouse.reach import limit, limited_reach
from fame_sql.warehouse.sharing import is_shared
from fame_sql.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from fame_sql.session.planned import PlannedConnection


@overload
def connect(
    warehouse: Path | str,
    *,
    read_only: bool = False,
    plan: Literal[False] = False,
    external_access: bool = True,
    at: datetime | None = None,
) -> duckdb.DuckDBPyConnection: ...


@overload
def connect(
    warehouse: Path | str,
    *,
    read_only: bool = False,
    plan: Literal[True],
    external_access: bool = True,
) -> PlannedConnection: ...


def connect(
    warehouse: Path | str,
    *,
    read_only: bool = False,
    plan: bool = False,
    external_access: bool = True,
    at: datetime | None = None,
) -> duckdb.DuckDBPyConnection | PlannedConnection:
    """Open a warehouse and return a DuckDB connection with the live functions on it.

    Parameters
    ----------
    warehouse : Path or str
        The DuckDB file. The functions use its champion, which is loaded at the first call.
    read_only : bool
        Open the file read-only, so that other processes can read it at the same time.
    plan : bool
        Return a connection whose ``sql`` and ``execute`` plan each statement, as
        :func:`fame_sql.query` does.
    external_access : bool
        Leave it out to use files, extensions and the network in statements. ``False`` is for a
        warehouse from somebody else: its views and macros then reach its own partitions only. It
        holds for all connections of this process to the file, until the last one is closed.
    at : datetime, optional
        Open a warehouse in a lake as it was at this moment, in UTC. ``fame_score`` and its kin are
        the stored functions then: they return the verdicts of that moment. Nothing is planned.

    Raises
    ------
    WarehouseError
        If it cannot be opened.
    InputError
        If a moment is given and the warehouse is a file.

    Examples
    --------
    >>> import fame_sql
    >>> connection = fame_sql.connect("warehouse.duckdb")  # doctest: +SKIP
    >>> connection.sql("SELECT count(*) FROM logs WHERE fame_score(body) > 0.5")  # doctest: +SKIP
    """
    if at is not None:
        return _connect_at(warehouse, at, external_access=external_access)
    with nullcontext() if external_access else limited_reach():
        opened = Warehouse.open(warehouse, read_only=read_only, external_access=external_access)
    reach_partitions(opened.connection)
    if not read_only:
        renew_views(opened)
    if not is_shared():
        functions.register(opened.connection, warehouse_scorer(opened))
    else:  # In a server, whose functions all connections share.
        functions.define_macros(opened.connection)
    define_stored_first(opened.connection)
    if not plan:
        return opened.connection
    # Imported here: sqlglot takes a quarter of a second that a plain connection does without.
    from fame_sql.session.planned import PlannedConnection

    return PlannedConnection(opened.connection)


def _connect_at(
    warehouse: Path | str, at: datetime, *, external_access: bool
) -> duckdb.DuckDBPyConnection:
    if not is_lake_path(warehouse):
        raise InputError(
            f"{warehouse} is a file, which has no past: only a lake does; open a copy that "
            "'fame backup' made"
        )
    if is_shared():
        raise InputError(
            "a server has the lake of now alone: ask for a moment in the statement, as in "
            "SELECT * FROM anomalies AT (TIMESTAMP => '2026-11-30 03:00')"
        )
    connection = open_lake_at(named_lake(warehouse)[1], at)
    with nullcontext() if external_access else limited_reach():
        limit(connection)
    return connection


def register(connection: duckdb.DuckDBPyConnection, model: Path | str | None = None) -> None:
    """Add the live functions to an existing connection.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Any connection; one to a warehouse needs no ``model``.
    model : Path or str, optional
        A model folder to use instead of the warehouse's champion.

    Raises
    ------
    ModelError
        If the connection is not to a warehouse and no model is given, or the folder is not a model.
    """
    if model is not None:
        loaded = load(Path(model))
        home = _warehouse_path(connection)
        scorer = LiveScorer(loaded.recipe, lambda: loaded, home=home)
        functions.register(connection, scorer)
        return
    path = _warehouse_path(connection)
    if path is None:
        raise ModelError(
            "this connection is not to a warehouse: give a model folder, as in "
            "fame_sql.register(connection, model='warehouse.models/VERSION')"
        )
    own = file_for(str(path)) if is_lake(connection) else path
    functions.register(connection, warehouse_scorer(Warehouse(own, connection)))
    define_stored_first(connection)


def define_stored_first(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``fame_stored_first_score`` and its kin on a connection or cursor to a warehouse.

    They are temporary macros over stored verdicts and the live functions, and belong to the one
    connection or cursor: for statements that no planner sees, such as those of dbt.
    """
    connection.execute(sql.load("session/stored_first"))


def _warehouse_path(connection: duckdb.DuckDBPyConnection) -> Path | None:
    cursor = connection.cursor()
    if is_lake(cursor):
        [(catalogue,)] = cursor.execute(sql.load("warehouse/lake/place")).fetchall()
        return Path(catalogue) if schema_version(cursor) else None
    found = cursor.execute(sql.load("session/warehouse_path")).fetchall()
    return Path(found[0][0]) if found and found[0][0] else None


def warehouse_scorer(warehouse: Warehouse) -> LiveScorer:
    """Return what judges by the champion, the answers and the policy of a warehouse."""
    return LiveScorer(
        _recipe(warehouse),
        lambda: load_champion(_on_cursor(warehouse)),
        lambda model, texts: _stored_verdicts(_on_cursor(warehouse), model, texts),
        lambda: read_unseen(_on_cursor(warehouse).connection),
        _answers_reader(warehouse),
        _warehouse_path(warehouse.connection),
    )


def _answers_reader(warehouse: Warehouse) -> Callable[[], Answers]:
    """Return what reads the answers; once the connection is closed, those that it read last.

    The functions of a database can outlive the connection that registered them.
    """
    state, last = None, NO_ANSWERS

    def read() -> Answers:
        nonlocal state, last
        with suppress(duckdb.ConnectionException):
            connection = _on_cursor(warehouse).connection
            found = answers_state(connection)
            if found != state:
                state, last = found, read_answers(connection)
        return last

    return read


def _on_cursor(warehouse: Warehouse) -> Warehouse:
    """Return the warehouse on a cursor, as the connection is busy with the calling query."""
    return Warehouse(warehouse.path, warehouse.connection.cursor())


def _recipe(warehouse: Warehouse) -> Recipe:
    recipe = _on_cursor(warehouse).recipe()
    return recipe if recipe.masks else default_recipe()


def _stored_verdicts(
    warehouse: Warehouse, model: Model, canonical: list[str]
) -> Mapping[str, Verdict]:
    """Return the model's stored verdicts on canonical texts."""
    texts = {template.template_id: template.text for template in model.templates.templates}
    rows = warehouse.records(
        statements.load("scoring/stored_verdicts"),
        {"model_version": model.version, "canonical": canonical},
    )
    return {
        row.pop("canonical"): Verdict.from_stored(
            row, template=texts.get(row["template_id"]), model_version=model.version
        )
        for row in rows
    }
