"""Lakes: with a catalogue in PostgreSQL, where it is installed, or in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import lakes
import pytest
from warehouse_copy import lake_copied_to

from fame_sql.ingest import ingest_file
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.students import StudentConfig
from fame_sql.warehouse.lake.address import parse_address, write_address
from fame_sql.warehouse.lake.opening import EXTENSIONS, create_lake
from fame_sql.warehouse.warehouse import Warehouse

_numbers = count()


@pytest.fixture(scope="session")
def lake_extensions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = lakes.extensions(tmp_path_factory.mktemp("extensions"))
    if found is None:
        pytest.skip("this DuckDB has no extension for lakes here")
    return found


@pytest.fixture(scope="session")
def postgres(lake_extensions: Path) -> Iterator[lakes.Catalogues]:
    if lakes.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with lakes.running_postgres() as running:
        yield running


@pytest.fixture(autouse=True)
def _extensions(lake_extensions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EXTENSIONS, str(lake_extensions))


@pytest.fixture(scope="session")
def compiled_lake(
    tmp_path_factory: pytest.TempPathFactory,
    lake_extensions: Path,
    simulated_log: Path,
    tiny: StudentConfig,
) -> Path:
    """A lake that has been through the stages of ``compiled``, in a file; not to be changed."""
    folder = tmp_path_factory.mktemp("lake")
    path = folder / "centre.lake"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(EXTENSIONS, str(lake_extensions))
        address = parse_address(f"ducklake:{folder}/centre.ducklake", str(folder / "data"))
        create_lake(address)
        write_address(path, address)
        with Warehouse.open(path, create=True) as warehouse:
            ingest_file(warehouse, simulated_log, format="bgl")
            compile_model(warehouse, config=tiny)
    return path


@pytest.fixture
def copied_lake(compiled_lake: Path, tmp_path: Path) -> Path:
    """A lake that begins as ``compiled_lake`` and may be changed; it adds files to that one's."""
    return lake_copied_to(tmp_path, compiled_lake)


@pytest.fixture
def new_lake(postgres: lakes.Catalogues, tmp_path: Path) -> Callable[[], Path]:
    """Make an empty lake with a catalogue in PostgreSQL, and return the file that names it."""

    def make() -> Path:
        path = tmp_path / f"lake{next(_numbers)}.lake"
        address = parse_address(postgres.address(path.stem), str(tmp_path / f"{path.stem}.data"))
        create_lake(address)
        write_address(path, address)
        Warehouse.open(path, create=True).close()
        return path

    return make


@pytest.fixture
def lake(new_lake: Callable[[], Path]) -> Path:
    """A lake with a catalogue in PostgreSQL, empty."""
    return new_lake()


@pytest.fixture
def file_lake(tmp_path: Path) -> Path:
    """A lake with a catalogue in a file, empty."""
    path = tmp_path / "mine.lake"
    address = parse_address(f"ducklake:{tmp_path}/mine.ducklake", str(tmp_path / "data"))
    create_lake(address)
    write_address(path, address)
    Warehouse.open(path, create=True).close()
    return path
