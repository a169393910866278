from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import fame_sql
from fame_sql import models
from fame_sql.errors import ModelError
from fame_sql.udfs.duckdb import release, scorer_of
from fame_sql.udfs.functions import FUNCTIONS
from fame_sql.warehouse.warehouse import Warehouse

ODD = ["", " ", "\x00", "é" * 9000, "<*>", "<id> <path>", "'; DROP TABLE logs; --", "\n", "🙂 7"]


@pytest.fixture
def connection(copied: Path):
    connection = fame_sql.connect(copied)
    yield connection
    release(connection)
    connection.close()


def test_live_and_stored_scores_are_equal_bit_for_bit(connection) -> None:
    connection.execute("DELETE FROM fame.scores WHERE event_id % 2 = 0")
    live = "SELECT log_id, fame_score(body) AS score FROM logs"
    stored = "SELECT log_id, score FROM scored_logs WHERE score IS NOT NULL"
    differ = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE live.score <> stored.score) "
        f"FROM ({live}) AS live INNER JOIN ({stored}) AS stored USING (log_id)"
    ).fetchall()
    assert differ[0][0] > 20
    assert differ[0][1] == 0


@pytest.mark.slow
def test_a_reloaded_model_gives_the_stored_scores_for_any_batch(compiled: Path) -> None:
    with Warehouse.open(compiled, read_only=True) as warehouse:
        stored = dict(
            warehouse.rows("SELECT canonical, (score, domain, novelty) FROM fame.verdicts")
        )
        model = models.load(models.champion(warehouse).folder)
    texts = sorted(stored)
    for seed in range(20):
        shuffler = random.Random(seed)
        batch = shuffler.sample(texts, shuffler.randint(1, len(texts)))
        verdicts = model.verdicts(batch)
        assert {
            t: (v.score, v.domain, v.novelty) for t, v in zip(batch, verdicts, strict=True)
        } == {t: stored[t] for t in batch}


def test_all_functions_return_values_and_null_for_null(connection) -> None:
    body = connection.execute("SELECT body FROM logs LIMIT 1").fetchall()[0][0]
    for function in FUNCTIONS:
        some, none = connection.execute(
            f"SELECT {function.name}(?), {function.name}(NULL)", [body]
        ).fetchall()[0]
        assert some is not None
        assert none is None


@pytest.mark.parametrize("text", ODD)
def test_odd_text_never_raises(connection, text: str) -> None:
    score, verdict, canonical, words = connection.execute(
        "SELECT fame_score($1), fame_verdict($1), fame_canonical($1), fame_explain($1)", [text]
    ).fetchall()[0]
    assert 0 <= score <= 1
    assert verdict["score"] == score
    assert canonical is not None
    assert words is not None


def test_the_verdict_agrees_with_the_single_functions(connection) -> None:
    rows = connection.execute(
        "SELECT fame_verdict(body) AS v, fame_score(body), fame_is_anomaly(body), "
        "fame_domain(body), fame_template(body), fame_novelty(body) FROM logs USING SAMPLE 200"
    ).fetchall()
    for verdict, score, is_anomaly, domain, template, novelty in rows:
        assert (verdict["score"], verdict["is_anomaly"]) == (score, is_anomaly)
        assert (verdict["domain"], verdict["template"]) == (domain, template)
        assert verdict["novelty"] == novelty
        assert is_anomaly == (score > 0.5)
        assert verdict["known_template"] == (template is not None)


def test_unseen_templates_are_distinguished_from_known_ones(connection) -> None:
    known, unseen = connection.execute(
        "SELECT fame_verdict((SELECT any_value(body) FROM scored_logs WHERE known_template)), "
        "fame_verdict('zyzzyva quux frobnicated plugh')"
    ).fetchall()[0]
    assert known["known_template"]
    assert known["novelty"] == 0
    assert known["domain_confidence"] == 1
    assert not unseen["known_template"]
    assert unseen["template"] is None
    assert unseen["novelty"] == 1
    assert 0 < unseen["domain_confidence"] < 1


def test_several_threads_give_the_same_results_as_one(connection) -> None:
    connection.execute("DELETE FROM fame.scores")
    statement = "SELECT sum(fame_score(body)), count(*) FROM logs WHERE log_id % 4 = ?"
    alone = [connection.execute(statement, [part]).fetchall() for part in range(4)]

    def ask(part: int) -> list[tuple[float, int]]:
        return connection.cursor().execute(statement, [part]).fetchall()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == alone


@pytest.mark.slow
def test_no_event_is_scored_twice(connection) -> None:
    from fame_sql.udfs import duckdb as functions

    connection.execute("DELETE FROM fame.scores")
    connection.execute("SET threads = 4")
    connection.execute("SELECT sum(fame_score(body)) FROM logs").fetchall()
    connection.execute("SELECT count(*) FROM logs WHERE fame_is_anomaly(body)").fetchall()
    scorer = next(r.scorer for r in functions._registrations.values() if r.connection is connection)
    events = connection.execute("SELECT count(DISTINCT event_id) FROM logs").fetchall()[0][0]
    assert scorer.judged == events


def test_cursors_and_second_connections_have_the_functions(connection, copied: Path) -> None:
    statement = "SELECT fame_score('some message')"
    first = connection.execute(statement).fetchall()
    assert connection.cursor().execute(statement).fetchall() == first
    second = fame_sql.connect(copied)
    assert second.execute(statement).fetchall() == first
    second.close()
    assert connection.execute(statement).fetchall() == first


def test_registering_a_model_folder_on_any_connection(compiled: Path) -> None:
    with Warehouse.open(compiled, read_only=True) as warehouse:
        folder = models.champion(warehouse).folder
        body, score = warehouse.rows("SELECT body, score FROM scored_logs LIMIT 1")[0]
    with duckdb.connect() as own:
        fame_sql.register(own, model=folder)
        assert own.execute("SELECT fame_score(?)", [body]).fetchall() == [(score,)]
        release(own)


def test_registering_another_model_replaces_the_first(compiled: Path) -> None:
    with Warehouse.open(compiled, read_only=True) as warehouse:
        folder = models.champion(warehouse).folder
    with duckdb.connect() as own:
        for _ in range(2):
            fame_sql.register(own, model=folder)
        assert own.execute("SELECT fame_domain('x')").fetchall()[0][0]
        release(own)


def test_registering_on_a_connection_to_a_warehouse(copied: Path) -> None:
    with duckdb.connect(str(copied)) as own:
        fame_sql.register(own)
        assert own.execute("SELECT fame_score('x')").fetchall()[0][0] >= 0
        release(own)


def test_registering_needs_a_warehouse_or_a_model() -> None:
    with duckdb.connect() as own, pytest.raises(ModelError, match="give a model folder"):
        fame_sql.register(own)


def test_without_a_model_the_error_names_the_next_command(tmp_path: Path) -> None:
    path = tmp_path / "new.duckdb"
    Warehouse.open(path, create=True).close()
    connection = fame_sql.connect(path)
    assert connection.execute("SELECT fame_canonical('a 1999')").fetchall() == [("a <id>",)]
    with pytest.raises(duckdb.Error, match="no model is published: run 'fame compile' first"):
        connection.execute("SELECT fame_score('a')").fetchall()
    release(connection)
    connection.close()


def test_a_full_cache_drops_its_oldest_entries(
    compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fame_sql.scoring import cache, live

    monkeypatch.setattr(cache, "CAPACITY", 50)
    with Warehouse.open(compiled, read_only=True) as warehouse:
        model = models.load(models.champion(warehouse).folder)
    scorer = live.LiveScorer(model.recipe, lambda: model)
    messages = [f"message {chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(200)]
    whole = [v.score for v in model.verdicts([model.recipe.text(m) for m in messages])]
    found = [scorer.verdicts(pa.array(messages[i : i + 10])) for i in range(0, 200, 10)]
    assert [v.score for batch in found for v in batch if v] == whole
    assert len(scorer.cache().content.of_message) <= 60
    assert len(scorer.cache().content.of_canonical) <= 60


def _judged_of_stored(warehouse: Path) -> int:
    connection = fame_sql.connect(warehouse)
    try:
        scored = (
            "SELECT sum(fame_score(example)) FROM fame.events JOIN fame.scores USING (event_id)"
        )
        assert connection.execute(scored).fetchall()[0][0] > 0
        scorer = scorer_of(connection)
        assert scorer is not None
        return scorer.cache().judged
    finally:
        release(connection)
        connection.close()


@pytest.mark.any_duckdb
def test_an_encoder_judges_no_event_again(copied_with_encoder: Path) -> None:
    assert _judged_of_stored(copied_with_encoder) == 0


def test_words_judge_events_again(copied: Path) -> None:
    assert _judged_of_stored(copied) > 0
