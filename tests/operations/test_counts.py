"""Anomalies of counts, by service and template, on logs of which the truth is known."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from counted_log import START, Line, quiet_lines, repeated, without, write_log
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.cli import main
from fame_sql.ingest import ingest_file
from fame_sql.operations.counts import CountReport, update
from fame_sql.operations.counts.listing import list_anomalies
from fame_sql.operations.incidents import update as update_incidents
from fame_sql.operations.incidents.changes import last_number
from fame_sql.operations.settings import reset, set_value
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse

QUIET = quiet_lines(40)
LATER = datetime(2025, 3, 4)


def filled(folder: Path, *parts: Iterable[Line], name: str = "counts") -> Warehouse:
    """Return a warehouse that has read the parts one after another, with a pass after each."""
    opened = Warehouse.open(folder / f"{name}.duckdb", create=True)
    for number, part in enumerate(parts):
        ingest_file(opened, write_log(folder / f"{name}{number}.jsonl", list(part)))
        update(opened, now=LATER)
    return opened


def found(warehouse: Warehouse) -> set[tuple[str, str, str]]:
    """Return service, message and kind of all anomalies."""
    rows = warehouse.rows("SELECT DISTINCT service_name, template, kind FROM main.count_anomalies")
    return {(service, template, kind) for service, template, kind in rows}


@given(x=st.integers(0, 500), n=st.integers(1, 500), b=st.integers(0, 9000), m=st.integers(1, 9000))
def test_the_statistic_and_its_p_value(x: int, n: int, b: int, m: int) -> None:
    if x + b == 0:
        return
    share = (x + b) / (n + m)
    expected = 2 * sum(
        lines * math.log(lines / of / share) for lines, of in ((x, n), (b, m)) if lines
    )
    [(g, p)] = _MACROS.rows(
        "SELECT g, fame.g_p_value(g) FROM (SELECT fame.g_statistic(?, ?, ?, ?) AS g)", [x, n, b, m]
    )
    assert g == pytest.approx(max(0, expected), abs=1e-6)
    assert p == pytest.approx(math.erfc(math.sqrt(g / 2)), rel=2e-7, abs=1e-300)


@pytest.fixture(autouse=True, scope="module")
def _macros(tmp_path_factory: pytest.TempPathFactory) -> Iterable[None]:
    global _MACROS
    path = tmp_path_factory.mktemp("macros") / "macros.duckdb"
    with Warehouse.open(path, create=True) as _MACROS:
        yield


def test_a_quiet_log_has_none(tmp_path: Path) -> None:
    with filled(tmp_path, QUIET) as warehouse:
        assert found(warehouse) == set()
        assert warehouse.value("SELECT count(*) FROM fame.untested_counts") == 0


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            QUIET + repeated("cart", "coupon refused", 31, 60),
            ("cart", "coupon refused", "burst"),
        ),
        (
            without(QUIET, "query answered from cache", 31, 34),
            ("search", "query answered from cache", "silence"),
        ),
        (
            QUIET + repeated("mail", "relay access denied", 31, 12),
            ("mail", "relay access denied", "first sighting"),
        ),
        (
            QUIET + repeated("search", "query answered from index", 31, 150),
            ("search", "query answered from cache", "shift"),
        ),
        (without(QUIET, "mail", 31, 34), ("mail", "(all lines of the service)", "silence")),
    ],
    ids=["burst", "silence", "first sighting", "shift", "silent service"],
)
def test_what_changes_is_the_worst(
    tmp_path: Path, lines: list[Line], expected: tuple[str, str, str]
) -> None:
    with filled(tmp_path, lines) as warehouse:
        worst = list_anomalies(warehouse)[0]
    assert (worst["service_name"], worst["template"], worst["kind"]) == expected
    assert worst["first_window"] >= START + timedelta(minutes=29)
    assert worst["last_window"] <= START + timedelta(minutes=36)
    assert worst["p_adjusted"] <= 0.05


def traced(minutes: int, slow: range) -> list[Line]:
    """Return a trace of two lines each second; in the minutes given, every other one is slow."""
    lines = []
    for second in range(60 * minutes):
        time = START + timedelta(seconds=second)
        wait = (900 if second // 60 in slow and second % 2 else 20) + 7 * (second % 5)
        lines += [(time, "shop", f"order received trace {second}")]
        lines += [(time + timedelta(milliseconds=wait), "shop", f"order stored trace {second}")]
    return lines


def test_a_delay_is_found_by_its_traces(tmp_path: Path) -> None:
    path, lines = tmp_path / "traced.jsonl", traced(40, range(31, 34))
    rows = [
        {"timestamp": f"{t.isoformat()}Z", "service": s, "message": m[:14], "trace_id": m[-6:]}
        for t, s, m in lines
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as warehouse:
        ingest_file(warehouse, path)
        update(warehouse, now=LATER)
        assert warehouse.value("SELECT sum(gaps) FROM fame.gap_counts") == 60 * 40
        rows = list_anomalies(warehouse)
    assert [(row["kind"], row["template"]) for row in rows] == [("delay", "order received")]
    assert rows[0]["first_window"] >= START + timedelta(minutes=29)


def test_parts_give_what_the_whole_gives(tmp_path: Path) -> None:
    lines = sorted(QUIET + repeated("mail", "relay access denied", 31, 12))
    cuts = [0, 100, 2000, 2001, 4000, len(lines)]
    parts = [lines[a:b] for a, b in pairwise(cuts)]
    shown = "SELECT * EXCLUDE (found_at) FROM fame.count_anomalies ORDER BY ALL"
    counted = "SELECT * FROM fame.line_counts ORDER BY ALL"
    with filled(tmp_path, lines, name="whole") as whole, filled(tmp_path, *parts) as pieces:
        assert whole.rows(shown) == pieces.rows(shown) != []
        assert whole.rows(counted) == pieces.rows(counted)


@pytest.mark.any_duckdb
def test_late_lines_change_the_windows_that_they_belong_to(tmp_path: Path) -> None:
    late = [line for line in QUIET if line not in without(QUIET, "mail", 31, 34)]
    with filled(tmp_path, without(QUIET, "mail", 31, 34)) as warehouse:
        assert found(warehouse) != set()
        random.Random(1).shuffle(late)
        ingest_file(warehouse, write_log(tmp_path / "late.jsonl", late))
        report = update(warehouse, now=LATER)
        assert found(warehouse) == set()
        assert report.windows <= 2 * 6 + 4


def test_nothing_new_costs_nothing_and_a_window_waits_for_its_end(tmp_path: Path) -> None:
    with filled(tmp_path, QUIET) as warehouse:
        assert update(warehouse, now=LATER) == CountReport(0, 0, 0)
        news = START + timedelta(minutes=41, seconds=10)
        ingest_file(warehouse, write_log(tmp_path / "new.jsonl", [(news, "cart", "new words")]))
        assert update(warehouse, now=news) == CountReport(1, 0, 0)
        assert update(warehouse, now=news + timedelta(seconds=30)).windows == 0
        assert update(warehouse, now=news + timedelta(minutes=1)).windows == 1


def test_a_last_line_that_grows_is_one_line(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.jsonl", QUIET[:50])
    whole = path.read_text()
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as warehouse:
        for text in (whole.rstrip("\n"), whole):
            path.write_text(text)
            ingest_file(warehouse, path)
            update(warehouse, now=LATER)
        assert warehouse.value("SELECT sum(lines) FROM fame.line_counts") == 50


def test_templates_that_are_mined_later_are_counted_under_their_own_name(tmp_path: Path) -> None:
    with filled(tmp_path, QUIET + repeated("mail", "relay access denied", 31, 12)) as warehouse:
        before = warehouse.rows("SELECT template_id FROM main.count_anomalies")
        mine(warehouse, fraction=1.0)
        update(warehouse, now=LATER)
        after = warehouse.rows("SELECT template_id FROM main.count_anomalies")
        known = warehouse.rows("SELECT template_id FROM fame.templates")
        assert all(template_id.startswith("new-") for (template_id,) in before)
        assert after
        assert set(after) <= set(known)
        assert warehouse.value("SELECT sum(lines) FROM fame.line_counts") == len(QUIET) + 12


def _of_incidents(warehouse: Warehouse) -> list[tuple[str, str]]:
    return warehouse.rows(
        "SELECT DISTINCT template, anomaly FROM fame.incident_counts ORDER BY ALL"
    )


def test_incidents_give_up_what_a_count_of_all_lines_does_not_find(tmp_path: Path) -> None:
    lines = QUIET + repeated("mail", "relay access denied", 31, 12)
    with filled(tmp_path, lines) as warehouse:
        opened = update_incidents(warehouse, LATER)
        assert _of_incidents(warehouse) == [("relay access denied", "first sighting")]
        mine(warehouse, fraction=1.0)
        update(warehouse, now=LATER)
        again = update_incidents(warehouse, LATER)
        assert _of_incidents(warehouse) == [("relay access denied", "first sighting")]
        assert {change.incident.counts for change in (*opened, *again)} == {1}

        warehouse.connection.execute("DELETE FROM fame.logs WHERE body = 'relay access denied'")
        update(warehouse, now=LATER)
        assert update_incidents(warehouse, LATER) == [], "nobody has counted again"
        update(warehouse, now=LATER, recount=True)
        number = last_number(warehouse)
        [corrected] = update_incidents(warehouse, LATER)
        assert (corrected.transition, corrected.incident.counts) == ("corrected", 0)
        assert last_number(warehouse) == number + 1
        assert _of_incidents(warehouse) == []
        assert update_incidents(warehouse, LATER) == []
    gone = corrected.incident.incident_id
    words = ["dismiss", gone, "--reason", "x", "--warehouse", str(tmp_path / "counts.duckdb")]
    said = CliRunner().invoke(main, words)
    assert (said.exit_code, said.output.partition(",")[0]) == (0, f"incident {gone}: not dismissed")


def test_incidents_give_up_what_another_rate_does_not_find(tmp_path: Path) -> None:
    lines = QUIET + repeated("mail", "relay access denied", 31, 12)
    with filled(tmp_path, lines) as warehouse:
        update_incidents(warehouse, LATER)
        set_value(warehouse, "count_least_g", "100000")
        [corrected] = update_incidents(warehouse, LATER)
        assert (corrected.transition, corrected.incident.counts) == ("corrected", 0)
        reset(warehouse, "count_least_g")
        [back] = update_incidents(warehouse, LATER)
        assert back.incident.counts == 1


def test_the_command_lists_them(tmp_path: Path) -> None:
    lines = QUIET + repeated("mail", "relay \x1b[31maccess denied", 31, 12)
    filled(tmp_path, lines).close()
    words = ["counts", "--warehouse", str(tmp_path / "counts.duckdb")]
    said = CliRunner().invoke(main, [*words, "--since", "2025-03-03T08:20"])
    assert said.exit_code == 0, said.output
    assert "first sighting" in said.output
    assert "\x1b" not in said.output
    rows = json.loads(CliRunner().invoke(main, [*words, "--json"]).output)
    assert rows[0]["service_name"] == "mail"
    back = CliRunner().invoke(main, [*words, "--looking-back", "--csv"])
    assert "mail,first sighting" in back.output
    assert (
        CliRunner().invoke(main, [*words, "--since", "2025-03-03T09:00", "--json"]).output == "[]\n"
    )
