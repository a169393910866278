"""The table functions of investigators, on both DuckDB lines."""

from __future__ import annotations

import pytest

from fame_sql.warehouse.warehouse import Warehouse

FULL = "could not extend file because the disk is full"
NEW = "fame.first_seen('2024-01-01 02:00', '2024-01-01 03:00')"


def _template(warehouse: Warehouse, body: str) -> str:
    found = warehouse.value(
        "SELECT coalesce(events.template_id, fame.provisional_id(events.canonical)) FROM logs "
        "INNER JOIN events ON logs.event_id = events.event_id WHERE logs.body = ?",
        [body],
    )
    assert found is not None
    return str(found)


def test_what_is_new_since_two_o_clock(told: Warehouse) -> None:
    [row] = told.records(f"FROM {NEW}")
    assert (row["lines"], row["service_name"], row["example"]) == (12, "db", FULL)
    assert f"{row['first_seen']:%H:%M:%S}" == "02:00:01"
    first = told.value("SELECT min(log_id) FROM logs WHERE body = ?", [FULL])
    assert row["log_id"] == first
    assert told.rows("FROM fame.first_seen('2024-01-01 03:00', '2024-01-02')") == []


@pytest.mark.parametrize("each_way", [1, 4])
def test_neighbours_are_the_nearest_by_an_independent_count(told: Warehouse, each_way: int) -> None:
    log_id = told.value("SELECT min(log_id) FROM logs WHERE body = ?", [FULL])
    rows = told.records(f"FROM fame.neighbours(?, each_way := {each_way})", [log_id])
    logs = told.records("SELECT * FROM logs ORDER BY timestamp, log_id")
    at = next(i for i, row in enumerate(logs) if row["log_id"] == log_id)
    wanted: dict[int, set[str]] = {log_id: set()}
    columns = {"trace": "trace_id", "service": "service_name", "host": "host_name"}
    for name, column in columns.items():
        same = [i for i, row in enumerate(logs) if row[column] == logs[at][column] and i != at]
        near = [i for i in same if i < at][-each_way:] + [i for i in same if i > at][:each_way]
        for i in near:
            wanted.setdefault(logs[i]["log_id"], set()).add(name)
    assert {row["log_id"]: set(row["shared"]) for row in rows} == wanted
    assert [row["timestamp"] for row in rows] == sorted(row["timestamp"] for row in rows)
    [line] = [row for row in rows if row["place"] == 0]
    assert (line["log_id"], line["seconds"]) == (log_id, 0)
    assert [row["place"] for row in rows] == list(range(rows[0]["place"], rows[-1]["place"] + 1))


def test_a_line_without_service_has_the_neighbours_of_its_source(opened: Warehouse) -> None:
    opened.connection.execute("UPDATE fame.logs SET service_name = NULL, host_name = NULL")
    rows = opened.records("FROM fame.neighbours(2000, each_way := 2)")
    assert [row["shared"] for row in rows] == [["source"]] * 2 + [[]] + [["source"]] * 2


def test_a_rare_value_stands_out_of_those_that_come_again(told: Warehouse) -> None:
    template_id = _template(told, "request finished with status 200 today")
    [row] = told.records(f"FROM fame.rare_values('{template_id}')")
    assert (row["value"], row["lines"], row["different"]) == ("503", 1, 3)
    assert row["example"] == "request finished with status 503 today"


def test_what_comes_together_is_found_and_in_which_order(told: Warehouse) -> None:
    template_id = _template(told, FULL)
    rows = told.records(f"FROM fame.co_occurring('{template_id}')")
    [row] = [row for row in rows if row["template"] == "cleaned the cache"]
    assert (row["together"], row["windows"], row["share_with"]) == (12, 12, 1)
    assert row["seconds_after"] == 1
    assert row["share_without"] == pytest.approx(12 / 108, abs=1e-4)
    assert all(row["p_adjusted"] < 0.05 for row in rows)
    assert "request finished with status <*> today" not in {row["template"] for row in rows}


def test_a_timeline_counts_every_line_once(told: Warehouse) -> None:
    rows = told.records("FROM fame.timeline('2024-01-01', '2024-01-02', bucket := INTERVAL 1 HOUR)")
    assert sum(row["lines"] for row in rows) == told.value("SELECT count(*) FROM logs")
    assert {f"{row['bucket_start']:%H:%M}" for row in rows} == {"01:00", "02:00"}
    assert {row["service_name"] for row in rows} == {"api", "cron", "db"}


def test_a_timeline_has_the_verdicts(opened: Warehouse) -> None:
    found = opened.value(
        "SELECT sum(anomalous_lines) FROM fame.timeline('2000-01-01', '2100-01-01')"
    )
    assert found == opened.value("SELECT count(*) FROM scored_logs WHERE is_anomaly") > 0
