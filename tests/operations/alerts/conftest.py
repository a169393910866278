"""A warehouse without lines, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from fame_sql.warehouse.warehouse import Warehouse


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("new") / "alerts.duckdb"
    Warehouse.open(path, create=True).close()
    return path
