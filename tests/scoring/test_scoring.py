"""Scoring that is interrupted, shared by threads or refused: no event is scored twice."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from kills import Child, Forks

import fame_sql
from fame_sql.cli import main
from fame_sql.errors import WarehouseError
from fame_sql.models.model import Model
from fame_sql.scoring import scoring
from fame_sql.scoring.scoring import estimate_scoring, score_events
from fame_sql.udfs.duckdb import release
from fame_sql.verdict import Verdict
from fame_sql.warehouse.disk import check_room
from fame_sql.warehouse.warehouse import Warehouse

BATCH = 40


@pytest.fixture
def unscored(copied: Path) -> Path:
    """Return a copy of the compiled warehouse without verdicts."""
    with Warehouse.open(copied) as warehouse:
        warehouse.connection.execute("CREATE TABLE expected AS SELECT * FROM fame.scores")
        warehouse.connection.execute("DELETE FROM fame.scores")
    return copied


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often the model scores each text in this process."""
    found: Counter[str] = Counter()
    plain = Model.verdicts

    def counting(model: Model, texts: Sequence[str]) -> list[Verdict]:
        found.update(texts)
        time.sleep(0.01)
        return plain(model, texts)

    monkeypatch.setattr(Model, "verdicts", counting)
    return found


def _after_batches(child: Child, batches: int) -> None:
    while child.said.count("\n") < batches:
        assert child.wait(0.02) is None, child.said


@pytest.mark.any_duckdb
@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_an_interrupted_run_is_resumed(
    forking: Forks, unscored: Path, asked: Counter[str], how: signal.Signals, code: int
) -> None:
    child = forking.start([unscored, BATCH], call="killed:slow_score")
    _after_batches(child, 5)
    child.kill(how)
    assert child.wait(60) == code
    assert how is signal.SIGKILL or "interrupted: committed work is kept" in child.said
    with Warehouse.open(unscored) as warehouse:
        kept = {row[0] for row in warehouse.rows("SELECT canonical FROM fame.verdicts")}
        events = warehouse.value("SELECT count(*) FROM fame.events")
        assert 2 * BATCH <= len(kept) < events
        report = score_events(warehouse)
        assert report.scored == events - len(kept)
        assert not kept & set(asked)
        assert len(asked) == report.scored
        _is_complete(warehouse)


def _is_complete(warehouse: Warehouse) -> None:
    """Check that the verdicts are the same as before, each once."""
    columns = "model_version, event_id, score, domain, novelty, template_id"
    stored = warehouse.rows(f"SELECT {columns} FROM fame.scores ORDER BY event_id")
    assert stored == warehouse.rows(f"SELECT {columns} FROM expected ORDER BY event_id")


def test_a_second_process_is_refused_with_the_id_of_the_first(
    forking: Forks, unscored: Path
) -> None:
    child = forking.start([unscored, BATCH], call="killed:slow_score")
    try:
        _after_batches(child, 1)
        second = CliRunner().invoke(main, ["score", "--warehouse", str(unscored)])
        assert second.exit_code == 1
        assert f"is held by process {child.pid}; wait until it is done" in second.output
    finally:
        child.kill()
        child.wait(60)


@pytest.mark.slow
def test_concurrent_threads_score_no_event_twice(
    unscored: Path, asked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "BATCH", BATCH)
    connection = fame_sql.connect(unscored)
    statement = "SELECT count(*), count(fame_score(body)) FROM logs"
    answers, faults = [], []

    def work(run) -> None:
        try:
            answers.append(run(connection.cursor()))
        except Exception as error:
            faults.append(error)

    def scored(cursor):
        score_events(Warehouse(unscored, cursor))
        return (4000, 4000)

    def planned(cursor):
        return fame_sql.query(cursor, statement).fetchall()[0]

    def live(cursor):
        return cursor.execute(statement).fetchall()[0]

    threads = [threading.Thread(target=work, args=[run]) for run in (scored, planned, live) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert answers == [(4000, 4000)] * len(threads)
    # The first text is scored once more, to load the weights.
    assert sum(asked.values()) == len(asked) + 1
    _is_complete(Warehouse(unscored, connection))
    release(connection)
    connection.close()


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_events_that_do_not_fit_into_memory_are_scored(
    unscored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most: list[int] = []
    judge = Model.verdicts

    def constant(model: Model, texts: Sequence[str]) -> list[Verdict]:
        most.append(len(texts))
        return judge(model, texts[:1]) * len(texts)

    with Warehouse.open(unscored) as warehouse:
        warehouse.connection.execute("DELETE FROM fame.events; DELETE FROM fame.logs")
        warehouse.connection.execute(
            "INSERT INTO fame.events SELECT i, md5(i::VARCHAR), repeat(md5(i::VARCHAR), 32), '', "
            "'known', i, NULL, NULL, 1 FROM range(1, 150001) t(i)"
        )
        warehouse.connection.execute("SET memory_limit = '100MB'")
        monkeypatch.setattr(Model, "verdicts", constant)
        assert score_events(warehouse).scored == 150_000
        assert max(most) <= scoring.BATCH
        counted = warehouse.rows("SELECT count(*), count(DISTINCT event_id) FROM fame.scores")
        assert counted == [(150_000, 150_000)]


def test_the_estimate_is_shown_before_scoring(unscored: Path) -> None:
    with Warehouse.open(unscored) as warehouse:
        events = warehouse.value("SELECT count(*) FROM fame.events")
        estimate = estimate_scoring(warehouse)
    assert (estimate.events, estimate.lines) == (events, 4000)
    assert 0 < estimate.bytes_needed < estimate.bytes_free
    assert estimate.bytes_temporary > 0
    run = CliRunner().invoke(main, ["score", "--dry-run", "--warehouse", str(unscored)])
    assert f"{events} events to score, from 4000 lines" in run.output
    done = CliRunner().invoke(main, ["score", "--warehouse", str(unscored)])
    assert "MB free" in done.stderr
    assert f"{events} events scored" in done.stdout


def test_a_disk_without_room_is_refused(unscored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "BYTES_PER_EVENT", 10**15)
    run = CliRunner().invoke(main, ["score", "--warehouse", str(unscored)])
    assert run.exit_code == 1
    assert "free some room, or move the warehouse" in run.output
    with pytest.raises(WarehouseError, match="needs up to 2 MB more on a disk that has 1 MB left"):
        check_room(2_000_000, 1_000_000, unscored)
