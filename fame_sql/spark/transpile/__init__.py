"""DuckDB SQL in the dialect of Spark, for constructs that mean the same on both engines."""

from __future__ import annotations
