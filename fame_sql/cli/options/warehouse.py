"""The option that names the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_WAREHOUSE = "warehouse.duckdb"


def warehouse_at(default: str) -> Callable[[F], F]:
    """Add ``--warehouse PATH`` with the default given."""
    return click.option(
        "--warehouse",
        type=click.Path(dir_okay=True, path_type=Path),
        envvar="FAME_WAREHOUSE",
        default=default,
        show_default=f"$FAME_WAREHOUSE, then ./{default}",
        help="The warehouse, a DuckDB file.",
    )


def warehouse_option(command: F) -> F:
    """Add ``--warehouse PATH``."""
    return warehouse_at(DEFAULT_WAREHOUSE)(command)
