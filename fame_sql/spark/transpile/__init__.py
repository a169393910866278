"""Translation of DuckDB's SQL to Spark's, for constructs with the same result on both engines."""

from __future__ import annotations

from fame_sql.spark.transpile.transpile import transpile

__all__ = ["transpile"]
