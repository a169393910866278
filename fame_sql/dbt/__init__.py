"""dbt: a plugin for dbt-duckdb with the live functions, and new projects that use it.

dbt itself is imported only when the plugin is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fame_sql.dbt.plugin import Plugin

__all__ = ["Plugin"]


def __getattr__(name: str) -> Any:
    """Import the plugin, which needs dbt-duckdb, when it is first used."""
    if name == "Plugin":
        from fame_sql.dbt.plugin import Plugin

        return Plugin
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
