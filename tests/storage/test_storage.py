"""Partitions, expiry and compaction: a smaller warehouse without losing verdicts and counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import fsspec
import pytest
from click.testing import CliRunner

import fame_sql
from fame_sql.cli import main
from fame_sql.errors import InputError, WarehouseError
from fame_sql.planner import make_plan
from fame_sql.scoring.scoring import score_events
from fame_sql.storage import compaction, partitions
from fame_sql.storage.compaction import compact
from fame_sql.storage.expiry import cutoff, expire
from fame_sql.storage.partitions import add_partitions, list_partitions, move_lines
from fame_sql.storage.places import Place
from fame_sql.storage.views import partition_place, set_place
from fame_sql.templates.matching import match_events
from fame_sql.udfs.duckdb import release
from fame_sql.warehouse import settings
from fame_sql.warehouse.warehouse import Warehouse

VERDICTS = "SELECT day, event_id, lines, score, domain FROM fame.daily_verdicts ORDER BY ALL"
LINES = "SELECT log_id, timestamp, body, event_id, attributes, severity_number FROM {} ORDER BY ALL"


@pytest.fixture
def raw(compiled: Path, tmp_path: Path) -> Path:
    """Parquet files of raw lines by day, as another system would write them."""
    folder = tmp_path / "raw"
    with duckdb.connect(str(compiled), read_only=True) as source:
        source.execute(
            "COPY (SELECT body AS message, timestamp + INTERVAL 400 DAY AS ts, host_name, "
            'log_id AS "odd \'name", (timestamp + INTERVAL 400 DAY)::DATE AS day '
            f"FROM fame.logs WHERE log_id % 3 = 0) TO '{folder}' (FORMAT parquet, PARTITION_BY day)"
        )
    return folder


@pytest.fixture(params=["local", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "local":
        yield str(tmp_path / "it's a place")
        return
    yield "memory://partitions"
    system = fsspec.filesystem("memory")
    if system.exists("/partitions"):
        system.rm("/partitions", recursive=True)


def _run(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.slow
def test_foreign_files_are_scored_by_day_and_queried_with_the_warehouse(
    copied: Path, raw: Path, place: str
) -> None:
    arguments = ["partition", "add", f"{raw}/day=*/*.parquet", "--place", place, "--json"]
    report = json.loads(_run(*arguments, "--warehouse", copied))
    assert report["lines"] == 1333
    assert report["files"] == len(report["days"]) > 1
    with fame_sql.connect(copied) as connection:
        counted = connection.execute(
            "SELECT count(*), count(score), count(event_id), count(DISTINCT log_id), "
            "count(*) FILTER (score <> fame_score(body)) FROM all_scored_logs"
        ).fetchall()
        assert counted == [(4000 + 1333, 4000 + 1333, 4000 + 1333, 4000 + 1333, 0)]
        on_day = "SELECT count(*) FROM all_logs WHERE day = ?"
        day = date.fromisoformat(report["days"][0])
        assert connection.execute(on_day, [day]).fetchall()[0][0] > 0
        attributes = connection.execute(
            "SELECT DISTINCT json_keys(attributes) FROM all_logs WHERE parser = 'parquet'"
        ).fetchall()
        assert attributes == [(["odd 'name"],)]
        lines = connection.execute("SELECT sum(lines) FROM fame.daily_verdicts").fetchall()
        assert lines == [(5333,)]
        release(connection)
    again = json.loads(_run(*arguments, "--warehouse", copied))
    assert (again["lines"], again["known"]) == (0, report["files"])


@pytest.mark.slow
def test_a_naive_query_over_all_lines_is_planned_by_event(copied: Path, raw: Path) -> None:
    _run(
        "partition",
        "add",
        f"{raw}/day=*/*.parquet",
        "--place",
        raw.parent / "place",
        "--warehouse",
        copied,
    )
    statement = "SELECT day, count(*) FROM all_logs WHERE fame_is_anomaly(body) GROUP BY day"
    with fame_sql.connect(copied) as connection:
        expected = sorted(connection.execute(statement).fetchall())
        connection.execute("DELETE FROM fame.scores WHERE event_id % 2 = 0")
        plan = make_plan(connection, statement)
        assert [call.answered_by for call in plan.calls] == ["event"]
        assert sorted(connection.execute(plan.statement).fetchall()) == expected
        release(connection)


def test_a_later_day_adds_only_itself(opened: Warehouse, raw: Path, tmp_path: Path) -> None:
    first, *rest = sorted(str(file) for file in raw.rglob("*.parquet"))
    place = str(tmp_path / "place")
    assert add_partitions(opened, [first], place=place).files == 1
    kept = {file: file.stat().st_mtime_ns for file in Path(place).rglob("*.parquet")}
    report = add_partitions(opened, [str(raw / "*" / "*.parquet")])
    assert (report.files, report.known) == (len(rest), 1)
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert sum(day["lines"] for day in list_partitions(opened)) == 1333


def test_new_events_of_partitions_are_scored_once(opened: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "new.parquet"
    opened.connection.execute(
        "COPY (SELECT 'the frobnicator ' || i % 5 || ' melted on ' || chr((97 + i % 7)::INTEGER) "
        "AS body, TIMESTAMP '2030-01-01' AS timestamp FROM range(700) t(i)) "
        f"TO '{file}' (FORMAT parquet)"
    )
    before = opened.value("SELECT count(*) FROM fame.events")
    add_partitions(opened, [str(file)], place=str(tmp_path / "place"))
    new = opened.value("SELECT count(*) FROM fame.events") - before
    assert 0 < new <= 35
    assert score_events(opened).scored == new
    assert opened.value("SELECT count(*) FROM all_scored_logs WHERE score IS NULL") == 0


def test_an_interrupted_run_leaves_no_partial_data(
    opened: Warehouse, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"
    whole = partitions.define_views
    calls = []

    def stopped(warehouse: Warehouse) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        whole(warehouse)

    monkeypatch.setattr(partitions, "define_views", stopped)
    with pytest.raises(KeyboardInterrupt):
        add_partitions(opened, [f"{raw}/*/*.parquet"], place=str(place))
    assert len(list(place.rglob("*.parquet"))) == 2
    assert len(list_partitions(opened)) == 1
    report = add_partitions(opened, [f"{raw}/*/*.parquet"])
    assert report.known == 1
    assert opened.value("SELECT count(*) FROM all_logs") == 5333
    assert len(list(place.rglob("*.parquet"))) == report.files + 1
    assert opened.value("SELECT sum(lines) FROM fame.events") == 5333


@pytest.mark.parametrize(
    ("statement", "options", "message"),
    [
        (
            "SELECT 'x' AS text",
            {},
            "has no column body or message; its columns are text: give .* --body",
        ),
        ("SELECT 'x' AS text", {"body": "nothing"}, "has no column nothing; its columns are text"),
        ("SELECT 'x' AS body", {"time": "when"}, "has no column when; its columns are body"),
    ],
)
def test_a_file_without_the_columns_is_refused(
    opened: Warehouse, tmp_path: Path, statement: str, options: dict[str, str], message: str
) -> None:
    file = tmp_path / "odd.parquet"
    opened.connection.execute(f"COPY ({statement}) TO '{file}' (FORMAT parquet)")
    with pytest.raises(InputError, match=message):
        add_partitions(opened, [str(file)], place=str(tmp_path / "place"), **options)
    assert list_partitions(opened) == []


def test_a_line_is_kept_if_its_time_cannot_be_parsed(opened: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "times.parquet"
    opened.connection.execute(
        "COPY (SELECT * FROM (VALUES ('a', 'yesterday'), ('b', '2030-01-01 10:00:00'), ('c', NULL))"
        f" t(body, time)) TO '{file}' (FORMAT parquet)"
    )
    assert add_partitions(opened, [str(file)], place=str(tmp_path / "place")).lines == 3
    rows = opened.rows(
        "SELECT body, timestamp, parse_error FROM all_logs WHERE parser = 'parquet' ORDER BY body"
    )
    assert rows == [
        ("a", None, "its time cannot be read"),
        ("b", datetime(2030, 1, 1, 10), None),
        ("c", None, None),
    ]


def _severities(opened: Warehouse, columns: str, place: Path) -> list[tuple[object, ...]]:
    """Add a file with a message and other columns, and return their values in ``all_logs``."""
    file = place.parent / "levels.parquet"
    opened.connection.execute(
        f"COPY (SELECT 'm' || row_number() OVER () AS message, * FROM {columns}) "
        f"TO '{file}' (FORMAT parquet)"
    )
    add_partitions(opened, [str(file)], place=str(place))
    return opened.rows(
        "SELECT severity_text, severity_number, attributes::VARCHAR FROM all_logs "
        "WHERE parser = 'parquet' ORDER BY log_id"
    )


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            "(VALUES ('WARN'), ('Fatal'), ('odd'), (NULL)) t(level)",
            [("WARN", 13, None), ("Fatal", 21, None), ("odd", None, None), (None, None, None)],
        ),
        (
            "(VALUES ('error', 18), ('info', NULL), (NULL, 5)) t(severity_text, severity_number)",
            [("error", 18, None), ("info", 9, None), (None, 5, None)],
        ),
        (
            "(VALUES ('info', 'x', 7)) t(severity_text, level, lvl)",
            [("info", 9, '{"level":"x","lvl":7}')],
        ),
        (
            "(VALUES ('info', 300, 1), (NULL, 24, 2)) t(severity_text, \"Severity_Number\", a)",
            [("info", 9, '{"a":1,"Severity_Number":300}'), (None, 24, '{"a":2}')],
        ),
        ("(VALUES (30)) t(level)", [(None, None, '{"level":30}')]),
    ],
)
def test_severities_of_foreign_files(
    opened: Warehouse, tmp_path: Path, columns: str, expected: list[tuple[object, ...]]
) -> None:
    assert _severities(opened, columns, tmp_path / "place") == expected
    again = opened.rows(
        "SELECT severity_number FROM read_parquet(?) ORDER BY log_id",
        [f"{tmp_path}/place/*/*.parquet"],
    )
    assert [row[0] for row in again] == [row[1] for row in expected]


def test_severities_missing_from_older_partitions_are_filled(copied: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    with Warehouse.open(copied) as warehouse:
        columns = "(VALUES ('WARN'), ('odd'), (NULL)) t(level)"
        expected = _severities(warehouse, columns, place)
        (file,) = place.rglob("*.parquet")
        warehouse.connection.execute(
            "CREATE TABLE old AS SELECT * REPLACE (NULL::UTINYINT AS severity_number) "
            f"FROM read_parquet('{file}', hive_partitioning = false); "
            f"COPY old TO '{file}' (FORMAT parquet); DROP TABLE old"
        )
        read = (
            "SELECT severity_text, severity_number, attributes::VARCHAR FROM all_logs "
            "WHERE parser = 'parquet' ORDER BY log_id"
        )
        assert warehouse.rows(read) == expected
        logs = ", ".join(
            row[0] for row in warehouse.rows("SELECT column_name FROM (DESCRIBE fame.logs)")
        )
        warehouse.connection.execute(
            f"CREATE OR REPLACE VIEW fame.all_logs AS SELECT {logs}, "
            "coalesce(timestamp, observed_timestamp)::DATE AS day FROM fame.logs UNION ALL "
            f"SELECT {logs}, day FROM read_parquet(['{file}'], hive_partitioning = true)"
        )
        assert [row[1] for row in warehouse.rows(read)] == [None, None, None]
        settings.remove(warehouse.connection, settings.PARTITION_DEFINITIONS)
    with fame_sql.connect(copied) as connection:
        assert connection.execute(read).fetchall() == expected
        release(connection)


def test_sources_and_places_that_cannot_be_used_are_refused(
    opened: Warehouse, raw: Path, tmp_path: Path
) -> None:
    source = str(raw / "*" / "*.parquet")
    with pytest.raises(InputError, match="give a folder or an address with --place"):
        add_partitions(opened, [source])
    with pytest.raises(InputError, match="no file system for 'nowhere://' is installed"):
        add_partitions(opened, [source], place="nowhere://x")
    with pytest.raises(InputError, match="no file matches"):
        add_partitions(opened, [str(raw / "*.csv")], place=str(tmp_path / "place"))
    add_partitions(opened, [source])
    with pytest.raises(InputError, match="omit --place, or move the files"):
        add_partitions(opened, [source], place=str(tmp_path / "other"))
    file = sorted(raw.rglob("*.parquet"))[0]
    opened.connection.execute(f"COPY (SELECT 'new' AS message) TO '{file}' (FORMAT parquet)")
    with pytest.raises(InputError, match="has changed since it was added"):
        add_partitions(opened, [source])


ALL_LINES = (
    "SELECT log_id, score FROM anomalies ORDER BY ALL",
    "SELECT lines, scored FROM fame.coverage()",
    "SELECT log_id FROM fame.anomalies_between('2000-01-01', '2100-01-01')",
    "FROM fame.template_counts(INTERVAL 1 HOUR) ORDER BY ALL",
    "FROM fame.diff_patterns('2000-01-01', '2025-03-06', '2025-03-06', '2100-01-01') ORDER BY ALL",
    "SELECT log_id FROM unmatched ORDER BY ALL",
)


def test_lines_that_were_moved_are_still_counted(copied: Path, tmp_path: Path) -> None:
    at = ["--warehouse", copied]
    with Warehouse.open(copied) as warehouse:
        before = [warehouse.rows(statement) for statement in ALL_LINES]
        day = str(_middle(warehouse).date())
    _run("partition", "move", "--before", day, "--place", tmp_path / "place", *at)
    with fame_sql.connect(copied, read_only=True) as connection:
        assert [connection.execute(statement).fetchall() for statement in ALL_LINES] == before
        [(own, of_all)] = connection.execute(
            "SELECT (SELECT count(*) FROM file_anomalies), (SELECT count(*) FROM anomalies)"
        ).fetchall()
        assert 0 < own < of_all
        release(connection)


def _middle(warehouse: Warehouse) -> datetime:
    """Return a midnight with lines on both sides."""
    row = warehouse.value("SELECT date_trunc('day', quantile_disc(timestamp, 0.6)) FROM fame.logs")
    assert isinstance(row, datetime)
    return row


def test_moved_lines_are_unchanged(copied: Path, place: str) -> None:
    with Warehouse.open(copied) as warehouse:
        before = warehouse.rows(LINES.format("fame.logs"))
        verdicts = warehouse.rows(VERDICTS)
        middle = _middle(warehouse)
        report = move_lines(warehouse, middle, place=place)
        assert report.lines > 1000
        assert warehouse.rows(LINES.format("all_logs")) == before
        assert warehouse.rows(VERDICTS) == verdicts
        assert warehouse.value("SELECT count(*) FROM fame.logs") == 4000 - report.lines
        assert move_lines(warehouse, middle).files == 0
        unjudged = "SELECT count(*) FROM fame.labels ANTI JOIN fame.logs USING (log_id)"
        assert warehouse.value(unjudged) == 0


def test_a_log_id_is_never_used_twice(opened: Warehouse, tmp_path: Path) -> None:
    from fame_sql.ingest import ingest_file

    opened.connection.execute("DELETE FROM fame.labels")
    expire(opened, datetime(2100, 1, 1), all_lines=True)
    assert opened.value("SELECT count(*) FROM fame.logs") == 0
    log = tmp_path / "more.log"
    log.write_text("2030-01-01 00:00:00 one line\n2030-01-01 00:00:01 and another\n")
    ingest_file(opened, log, format="text")
    assert opened.rows("SELECT min(log_id), max(log_id) FROM fame.logs") == [(4001, 4002)]


def test_moved_partitions_are_found_at_their_new_place(
    opened: Warehouse, raw: Path, tmp_path: Path
) -> None:
    add_partitions(opened, [f"{raw}/*/*.parquet"], place=str(tmp_path / "here"))
    with pytest.raises(InputError, match="does not exist: move the files first"):
        set_place(opened, str(tmp_path / "there"))
    (tmp_path / "here").rename(tmp_path / "there")
    set_place(opened, str(tmp_path / "there"))
    assert opened.value("SELECT count(*) FROM all_logs") == 5333
    assert partition_place(opened) == Place(str(tmp_path / "there"))


def test_expiry_keeps_verdicts_labelled_lines_and_counts(copied: Path) -> None:
    with Warehouse.open(copied) as warehouse:
        middle = _middle(warehouse)
        verdicts = warehouse.rows(VERDICTS)
        events = warehouse.rows("FROM fame.events ORDER BY ALL")
        templates = warehouse.rows("SELECT template_id, events, lines FROM fame.templates")
        dry = expire(warehouse, middle, dry_run=True)
        assert warehouse.value("SELECT count(*) FROM fame.logs") == 4000
        assert (dry.dropped, dry.of_lines) == (False, 4000)
        assert dry.kept_lines > 0
        done = expire(warehouse, middle)
        assert warehouse.value("SELECT count(*) FROM fame.logs") == 4000 - done.lines
        assert done.lines == dry.lines > 0
        match_events(warehouse)
        assert warehouse.rows("FROM fame.events ORDER BY ALL") == events
        assert warehouse.rows("SELECT template_id, events, lines FROM fame.templates") == templates
        assert warehouse.rows(VERDICTS) == verdicts
        older = "SELECT count(*) FROM fame.logs WHERE timestamp < ?"
        assert warehouse.value(older, [middle]) == done.kept_lines
        lost = "SELECT count(*) FROM fame.labels ANTI JOIN fame.logs USING (log_id)"
        assert warehouse.value(lost) == 0
        assert expire(warehouse, middle).lines == 0


@pytest.mark.slow
def test_expiry_of_partitions(copied: Path, raw: Path, place: str) -> None:
    with Warehouse.open(copied) as warehouse:
        add_partitions(warehouse, [f"{raw}/*/*.parquet"], place=place)
        score_events(warehouse)
        days = [day["day"] for day in list_partitions(warehouse)]
        kept = warehouse.value("SELECT min(log_id) FROM all_logs WHERE day = ?", [days[0]])
        warehouse.connection.execute(
            "INSERT INTO fame.labels SELECT log_id, event_id, NULL, true, NULL, 'human', NULL, "
            "NULL, now() FROM all_logs WHERE log_id = ?",
            [kept],
        )
        verdicts = warehouse.rows(VERDICTS)
        report = expire(warehouse, datetime(2100, 1, 1), all_lines=True)
        assert (report.partitions, report.kept_partitions) == (len(days) - 1, 1)
        assert [day["day"] for day in list_partitions(warehouse)] == days[:1]
        assert warehouse.rows("SELECT file FROM glob(?)", [f"{place}/*/*.parquet"]) == [
            (f"{place.replace('://', ':///')}/day={days[0]}/part-000001.parquet",)
        ]
        assert warehouse.rows(VERDICTS) == verdicts
        assert warehouse.value("SELECT count(*) FROM all_logs WHERE log_id = ?", [kept]) == 1


def test_dropping_everything_needs_a_flag(opened: Warehouse) -> None:
    with pytest.raises(InputError, match="add --all to drop all others"):
        expire(opened, datetime(2100, 1, 1))
    assert opened.value("SELECT count(*) FROM fame.logs") == 4000


@pytest.mark.parametrize(
    ("before", "older_than", "message"),
    [
        (None, None, "either --before"),
        ("2026-01-01", "3d", "either --before"),
        ("1 Nov", None, "is not a date"),
        ("2026-01-01T00:00:00+02:00", None, "has a time zone"),
        (None, "90", "is not an age"),
        (None, "999999w", "too long an age"),
    ],
)
def test_invalid_times_are_refused(
    before: str | None, older_than: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        cutoff(before, older_than)


@pytest.mark.slow
def test_compaction_keeps_everything_and_makes_the_file_smaller(copied: Path) -> None:
    with Warehouse.open(copied) as warehouse:
        middle = _middle(warehouse)
        warehouse.connection.execute("CREATE SCHEMA mine; CREATE TABLE mine.large AS FROM logs")
        warehouse.connection.execute("INSERT INTO mine.large SELECT l.* FROM logs l, range(20)")
        warehouse.connection.execute("CREATE VIEW mine.hot AS FROM fame.anomalies")
    connection = fame_sql.connect(copied)
    connection.execute("CREATE VIEW mine.live AS SELECT fame_score(body) AS s FROM logs")
    connection.execute("DELETE FROM mine.large WHERE log_id > 5")
    connection.execute(
        "INSERT INTO fame.models SELECT 'old', path, manifest_hash, recipe_version, metrics, "
        "'archived', created_at, promoted_at FROM fame.models"
    )
    connection.execute(
        "INSERT INTO fame.scores SELECT * REPLACE ('old' AS model_version) FROM fame.scores"
    )
    release(connection)
    connection.close()
    expired = json.loads(_run("expire", "--before", middle.date(), "--warehouse", copied, "--json"))
    assert expired["lines"] > 0
    with Warehouse.open(copied) as warehouse:
        verdicts = warehouse.rows(VERDICTS)
        events = warehouse.value("SELECT count(*) FROM fame.events")
    report = json.loads(_run("compact", "--warehouse", copied, "--json"))
    assert report["bytes_after"] < report["bytes_before"]
    assert report["bytes_after"] == copied.stat().st_size
    assert report["dropped_scores"] == 0
    with fame_sql.connect(copied) as connection:
        assert connection.execute(VERDICTS).fetchall() == verdicts
        assert connection.execute("SELECT count(*) FROM mine.large").fetchall() == [(105,)]
        assert connection.execute("SELECT count(*) > 0 FROM mine.live WHERE s > 0").fetchall()
        rows = connection.execute("SELECT log_id FROM fame.logs").fetchall()
        assert rows == sorted(rows)
        release(connection)
    report = json.loads(_run("compact", "--drop-superseded", "--warehouse", copied, "--json"))
    assert report["dropped_scores"] == events
    assert sorted(file.name for file in copied.parent.iterdir() if file.is_file()) == [copied.name]


def test_compaction_of_an_open_file_changes_nothing(copied: Path) -> None:
    with (
        Warehouse.open(copied, read_only=True),
        pytest.raises(WarehouseError, match="already open"),
    ):
        compact(copied)


@pytest.mark.slow
def test_an_incomplete_copy_changes_nothing(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = copied.with_name("link.duckdb")
    link.symlink_to(copied)
    before = copied.read_bytes()
    counts = iter([{("fame", "logs"): 1}, {("fame", "logs"): 2}])
    with monkeypatch.context() as patched:
        patched.setattr(compaction, "_counts", lambda *_: next(counts))
        with pytest.raises(WarehouseError, match="was not replaced: try again"):
            compact(link)
    assert copied.read_bytes() == before
    assert {file.name for file in copied.parent.iterdir() if file.is_file()} == {
        copied.name,
        link.name,
    }
    copied.chmod(0o640)
    compact(link)
    assert link.is_symlink()
    assert copied.stat().st_mode & 0o777 == 0o640


@pytest.mark.slow
def test_the_commands_print_what_they_did(copied: Path, raw: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    at = ["--warehouse", copied]
    assert "no line is in partitions" in _run("partition", "place", *at)
    added = _run("partition", "add", raw / "*" / "*.parquet", "--place", place, *at)
    assert "1333 lines written to" in added
    assert "were added before" in _run("partition", "add", raw / "*" / "*.parquet", *at)
    assert "day" in _run("partition", "list", *at)
    assert str(place) in _run("partition", "place", *at)
    assert "0 lines written" in _run("partition", "move", "--before", "1990-01-01", *at)
    assert "would be dropped" in _run("expire", "--older-than", "1h", "--dry-run", *at)
    assert json.loads(_run("status", *at, "--json"))["lines_in_partitions"] == 1333
    assert "MB now" in _run("compact", *at)
    assert "1333" in _run("query", "SELECT count(*) FROM all_logs WHERE parser = 'parquet'", *at)
