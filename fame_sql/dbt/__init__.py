"""dbt: the plugin for dbt-duckdb that puts the live functions on its connections."""

from __future__ import annotations

from fame_sql.dbt.plugin import Plugin

__all__ = ["Plugin"]
