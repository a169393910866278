"""The live functions in dbt: a plugin for dbt-duckdb.

In ``profiles.yml``, below the target::

    plugins:
      - module: fame_sql.dbt
        config:
          model: warehouse.models/0123456789ab   # default: the warehouse's champion
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

# dbt looks for a subclass of its own class in this module, so this import cannot be delayed.
from dbt.adapters.duckdb.plugins import BasePlugin  # type: ignore  # noqa: TID253

from fame_sql.canonical.canonical import default_recipe
from fame_sql.dbt.attached import attached_warehouse, own_file
from fame_sql.errors import FameError, MissingStageError, ModelError
from fame_sql.models import load, load_champion
from fame_sql.models.model import Model
from fame_sql.scoring.live import LiveScorer
from fame_sql.scoring.policy import read_unseen
from fame_sql.session.session import define_stored_first, register, warehouse_scorer
from fame_sql.sql.quoting import literal
from fame_sql.storage.views import reach_partitions
from fame_sql.templates.answers import read_answers
from fame_sql.udfs import duckdb as functions
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.lake.opening import load_for_files
from fame_sql.warehouse.migrations import schema_version
from fame_sql.warehouse.upgrade import migrate
from fame_sql.warehouse.warehouse import Warehouse


class Plugin(BasePlugin):  # type: ignore
    """Registers the live functions on every connection of dbt.

    ``fame_model_version()`` returns the version of the model in use, ``fame_has_value_head(id)``
    whether values decide the verdicts within the events of a template. A missing or broken model is
    no error when the database is opened: only dbt models that need it fail, with a message that
    names the next command.
    """

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Read the settings: ``model`` is a model folder, or a version in the warehouse."""
        self._configured = plugin_config.get("model")
        self._version = "NULL"
        self._by_value: list[str] = []
        self._without_model: duckdb.DuckDBPyConnection | None = None

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the functions; the model's network is loaded at the first unseen message."""
        try:
            self._version = literal(self._register(conn))
        except FameError as error:
            self._version = f"error({literal(str(error))})"
            # What dbt attaches comes later.
            self._without_model = conn if self._configured is None else None

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Create the macros about the model; a temporary macro belongs to one cursor."""
        if self._without_model is not None:
            self._take_attached(self._without_model)
        functions.define_macros(cursor)
        if schema_version(cursor):
            define_stored_first(cursor)
        cursor.execute(
            f"CREATE OR REPLACE TEMP MACRO fame_model_version() AS CAST({self._version} AS VARCHAR)"
        )
        # Without value heads it is a constant, so that DuckDB does not plan what depends on it.
        templates = ", ".join(map(literal, self._by_value))
        found = f"coalesce(template_id IN ({templates}), false)" if templates else "false"
        cursor.execute(f"CREATE OR REPLACE TEMP MACRO fame_has_value_head(template_id) AS {found}")

    def _take_attached(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Judge by the champion of a warehouse that dbt has attached, if there is one."""
        try:
            found = attached_warehouse(connection, self.creds.attach)
            if found is None:
                return
            warehouse, address = found
            model = self._champion(warehouse, address)
            functions.register(connection, warehouse_scorer(warehouse))
            self._version, self._without_model = literal(model.version), None
            self._by_value = sorted(model.heads.by_template)
        except FameError as error:
            functions.register(connection, LiveScorer(default_recipe(), _refusing(error)))
            self._version = f"error({literal(str(error))})"

    def _register(self, connection: duckdb.DuckDBPyConnection) -> str:
        try:
            warehouse = self._warehouse(connection)
        except FameError as error:
            functions.register(connection, LiveScorer(default_recipe(), _refusing(error)))
            raise
        try:
            model = self._model(warehouse)
        except FameError as error:
            recipe = warehouse.recipe() if warehouse is not None else default_recipe()
            functions.register(connection, LiveScorer(recipe, _refusing(error)))
            raise
        if self._configured is None:
            register(connection)
        else:
            functions.register(connection, self._scorer(warehouse, model))
        self._by_value = sorted(model.heads.by_template)
        return model.version

    def _scorer(self, warehouse: Warehouse | None, model: Model) -> LiveScorer:
        """Return a scorer of the configured model, with the answers of the warehouse."""
        if warehouse is None:
            return LiveScorer(model.recipe, lambda: model)
        return LiveScorer(
            model.recipe,
            lambda: model,
            read_unseen=lambda: read_unseen(warehouse.connection.cursor()),
            read_answers=lambda: read_answers(warehouse.connection.cursor()),
        )

    def _warehouse(self, connection: duckdb.DuckDBPyConnection) -> Warehouse | None:
        if schema_version(connection) == 0:
            return None
        path, cursor = Path(self.creds.path), connection.cursor()
        if is_lake(cursor):
            load_for_files(cursor)
        read_only = cursor.execute("SELECT current_setting('access_mode')").fetchall()
        migrate(cursor, path, read_only=read_only == [("read_only",)])
        reach_partitions(connection)
        return Warehouse(own_file(self.creds.path), cursor)

    def _model(self, warehouse: Warehouse | None) -> Model:
        """Find and check the model, without loading its network."""
        if self._configured is not None:
            return load(self._folder(warehouse, str(self._configured)))
        if warehouse is None:
            raise ModelError(
                f"{self.creds.path} is not a warehouse, none is attached, and the plugin names no "
                "model: run 'fame compile' and write the warehouse's path below the target of "
                "profiles.yml, as 'path: warehouse.duckdb', or beside another one, as 'attach: "
                '[{path: "ducklake:postgres:dbname=…", alias: lake, read_only: true}]\'; or set '
                "'model' to a model folder"
            )
        return self._champion(warehouse, self.creds.path)

    def _champion(self, warehouse: Warehouse, address: str) -> Model:
        try:
            return load_champion(warehouse)
        except MissingStageError as error:
            raise MissingStageError(
                error.missing, f"{error.command} --warehouse {address}"
            ) from None

    def _folder(self, warehouse: Warehouse | None, model: str) -> Path:
        if warehouse is not None and (warehouse.models_folder / model).is_dir():
            return warehouse.models_folder / model
        return Path(model).expanduser()


def _refusing(error: FameError) -> Callable[[], Model]:
    def refuse() -> Model:
        raise error

    return refuse
