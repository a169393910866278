"""Settings of counts, incidents and service levels, by command."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.operations.incidents.gathering import read_gap
from fame_sql.operations.settings import SETTINGS
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


@pytest.fixture(scope="module")
def warehouse(newborn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copy(newborn, tmp_path_factory.mktemp("settings") / "w.duckdb"))


def fame(warehouse: Path, *words: str) -> tuple[int, str]:
    said = CliRunner().invoke(main, ["settings", *words, "--warehouse", str(warehouse)])
    return said.exit_code, said.output


def test_a_setting_is_set_listed_and_reset(warehouse: Path) -> None:
    assert fame(warehouse, "set", "incident_gap", "3m") == (0, "incident_gap is 3m\n")
    with Warehouse.open(warehouse, read_only=True) as opened:
        assert read_gap(opened) == timedelta(minutes=3)
    rows = {row["setting"]: row for row in json.loads(fame(warehouse, "list", "--json")[1])}
    assert set(rows) == set(SETTINGS)
    assert (rows["incident_gap"]["value"], rows["incident_gap"]["is_set"]) == ("3m", True)
    assert fame(warehouse, "reset", "incident_gap") == (0, "incident_gap is 2m again\n")
    assert "incident_gap" in fame(warehouse, "list")[1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("set", "incident_gap", "3"), "no span of time"),
        (("set", "incident_gap", "9w"), "between 1s and 1d"),
        (("set", "count_rate", "0"), "between 1e-09 and 0.5"),
        (("set", "count_rate", "nan"), "not allowed"),
        (("set", "count_rate", "many"), "not allowed"),
        (("set", "lines", "3"), "there is no setting 'lines'"),
        (("reset", "identity"), "there is no setting 'identity'"),
    ],
)
def test_what_is_not_allowed_is_refused(warehouse: Path, words: tuple[str, ...], says: str) -> None:
    code, output = fame(warehouse, *words)
    assert code == 1
    assert says in output
