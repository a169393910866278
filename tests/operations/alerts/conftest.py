"""A warehouse without lines, local receivers, and a clock that stands still."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from alert_scenarios import FakeClock, Play
from alert_servers import Receivers, receivers

from fame_sql.warehouse.warehouse import Warehouse


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("new") / "alerts.duckdb"
    Warehouse.open(path, create=True).close()
    return path


@pytest.fixture(autouse=True)
def _no_proxy_of_this_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2027, 3, 2, 8))


@pytest.fixture
def servers(clock: FakeClock) -> Iterator[Receivers]:
    with receivers(clock.now) as running:
        yield running


@pytest.fixture
def play(
    new_warehouse: Path,
    tmp_path: Path,
    servers: Receivers,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Play]:
    monkeypatch.chdir(tmp_path)
    playing = Play(Path(shutil.copy(new_warehouse, tmp_path)), servers, clock)
    yield playing
    playing.close()
