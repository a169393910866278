"""ibis's DuckDB backend over a connection whose statements are planned."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops
import pyarrow as pa
from ibis.backends.duckdb import Backend
from ibis.expr.operations.udf import InputType

from fame_sql.session.planned import PlannedConnection
from fame_sql.session.session import connect as open_session


class _Connection(PlannedConnection):
    """A connection with what ibis 12 calls of it and DuckDB 2.0 no longer has."""

    def fetch_arrow_table(self) -> pa.Table:
        """Return the result as an Arrow table; ibis reads names and types of columns so."""
        with warnings.catch_warnings():
            # That a result is copied, which for names is nothing.
            warnings.simplefilter("ignore", UserWarning)
            return self.plain.to_arrow_table()


class _Warehouse(Backend):  # type: ignore[misc]
    """A backend that leaves the live functions registered and hides the planner's tables."""

    def to_pyarrow_batches(
        self,
        expr: ibis.Expr,
        /,
        *,
        params: Mapping[ibis.Scalar, Any] | None = None,
        limit: int | str | None = None,
        chunk_size: int = 1_000_000,
        **_: Any,
    ) -> pa.RecordBatchReader:
        """Return a stream of record batches; the connection is busy until it is read or deleted."""
        relation = self._to_duckdb_relation(expr, params=params, limit=limit)
        schema = expr.as_table().schema().to_pyarrow()
        return pa.RecordBatchReader.from_batches(schema, relation.to_arrow_reader(chunk_size))

    def list_tables(self, **options: Any) -> list[str]:
        """Return the names of tables and views."""
        return [name for name in super().list_tables(**options) if not name.startswith("__fame_")]

    def _register_udfs(self, expr: ibis.Expr) -> None:
        """Register the caller's own functions; those of the database are there."""
        functions = expr.op().find(ops.ScalarUDF)
        if any(function.__input_type__ != InputType.BUILTIN for function in functions):
            super()._register_udfs(expr)


def connect(
    warehouse: Path | str, *, read_only: bool = False, external_access: bool = True
) -> Backend:
    """Open a warehouse as an ibis connection with the live functions, planned like ``fame query``.

    Parameters
    ----------
    warehouse : Path or str
        The DuckDB file.
    read_only : bool
        Open the file read-only, so that other processes can read it at the same time.
    external_access : bool
        Whether statements may use files, extensions and the network, as for
        :func:`fame_sql.connect`.

    Returns
    -------
    ibis.backends.duckdb.Backend
        Close it with ``disconnect()``.

    Raises
    ------
    WarehouseError
        If it cannot be opened.
    """
    plain = open_session(warehouse, read_only=read_only, external_access=external_access)
    return _Warehouse.from_connection(_Connection(plain))
