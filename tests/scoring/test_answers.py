"""An answer about a template is in force at once: live, stored and planned, for new lines too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import fame_sql
from fame_sql.canonical.provisional import provisional_id
from fame_sql.ingest import ingest_file
from fame_sql.labels.answers import GivenAnswer, find_template, give_answers, withdraw_answers
from fame_sql.models import load_champion
from fame_sql.pipeline.pipeline import compile_model, status
from fame_sql.scoring.scoring import score_events
from fame_sql.students import StudentConfig
from fame_sql.templates.answers import read_answers
from fame_sql.udfs.duckdb import release
from fame_sql.verdict.label_words import Answer
from fame_sql.warehouse.warehouse import Warehouse

SEEN = "blimp 4711 ate the cheese on shelf 12"
SAME = "blimp 8 ate the cheese on shelf 999"
OTHER = "blimp 8 drank the milk on shelf 999"
LINE = "- 1117838570 2005.06.03 R02 2005-06-03-15.42.50.675872 R02 RAS KERNEL INFO {}\n"


@pytest.fixture
def asked(copied: Path, tmp_path: Path) -> Path:
    """A compiled warehouse with a line of a template that nobody has seen."""
    add(copied, tmp_path / "new.log", SEEN)
    return copied


def add(path: Path, log: Path, *messages: str) -> None:
    log.write_text("".join(map(LINE.format, messages)))
    with Warehouse.open(path) as warehouse:
        ingest_file(warehouse, log, format="bgl")
        score_events(warehouse)


def template_of(warehouse: Warehouse, message: str) -> str:
    canonical = warehouse.value("SELECT fame.canonical(?)", [message])
    return provisional_id(canonical)


def give(path: Path, label: Answer, source: str = "human") -> None:
    with Warehouse.open(path) as warehouse:
        give_answers(warehouse, [GivenAnswer(template_of(warehouse, SEEN), label, source=source)])


@pytest.fixture
def connection(asked: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = fame_sql.connect(asked)
    yield opened
    release(opened)
    opened.close()


def one(connection: duckdb.DuckDBPyConnection, statement: str, *values: str) -> tuple[object, ...]:
    [row] = connection.execute(statement, list(values)).fetchall()
    return tuple(row)


ASKED = "SELECT v.score, v.is_anomaly, v.answer FROM (SELECT {}(?) AS v)"
PLANNED = "SELECT fame_score(body), fame_action(body) FROM logs WHERE body LIKE 'blimp%'"


@pytest.mark.parametrize(("label", "score"), [("anomalous", 1.0), ("normal", 0.0)])
def test_an_answer_is_in_force_at_once_everywhere(
    connection: duckdb.DuckDBPyConnection, asked: Path, label: Answer, score: float
) -> None:
    warehouse = Warehouse(asked, connection)
    before = one(connection, ASKED.format("fame_verdict"), SEEN)
    assert before[2] is None
    other = one(connection, ASKED.format("fame_verdict"), OTHER)
    give_answers(warehouse, [GivenAnswer(template_of(warehouse, SEEN), label)])
    expected = (score, score > 0.5, label)
    # Live, for a stored line and for one that nobody has stored; the other template stays.
    assert one(connection, ASKED.format("fame_verdict"), SEEN) == expected
    assert one(connection, ASKED.format("fame_verdict"), SAME) == expected
    assert one(connection, ASKED.format("fame_verdict"), OTHER) == other
    # Stored: the macro, the views and the count by day.
    assert one(connection, ASKED.format("fame.verdict"), SEEN) == expected
    views = "SELECT score, is_anomaly, answer FROM {} WHERE body LIKE 'blimp%'"
    assert one(connection, views.format("scored_logs")) == expected
    alerts = connection.execute(views.format("anomalies")).fetchall()
    assert alerts == [expected] * (label == "anomalous")
    action = "alert" if label == "anomalous" else "none"
    assert one(connection, "SELECT fame_action(?), fame.action(?)", SEEN, SEEN) == (action, action)
    # Planned and unplanned.
    assert connection.execute(PLANNED).fetchall() == [(score, action)]
    assert fame_sql.query(connection, PLANNED).fetchall() == [(score, action)]
    # The question is not asked again.
    queue = "SELECT count(*) FROM label_queue WHERE example LIKE 'blimp%'"
    assert one(connection, queue) == (0,)


def test_lines_that_come_after_the_answer_follow_it(asked: Path, tmp_path: Path) -> None:
    give(asked, "anomalous")
    add(asked, tmp_path / "later.log", SAME, OTHER)
    with Warehouse.open(asked, read_only=True) as warehouse:
        found = dict(
            warehouse.rows("SELECT body, answer FROM scored_logs WHERE body LIKE 'blimp%'")
        )
        assert found == {SEEN: "anomalous", SAME: "anomalous", OTHER: None}
        raw = warehouse.value(
            "SELECT count(DISTINCT score) FROM fame.scores INNER JOIN fame.events USING (event_id) "
            "WHERE example IN (?, ?)",
            [SEEN, SAME],
        )
        # What the model itself said stays stored.
        assert raw == len({v.score for v in verdicts_of_the_model(warehouse, SEEN, SAME)})


def verdicts_of_the_model(warehouse: Warehouse, *messages: str) -> list[fame_sql.verdict.Verdict]:
    texts = [warehouse.value("SELECT fame.canonical(?)", [message]) for message in messages]
    return load_champion(warehouse).verdicts(texts)


def test_a_planned_query_scores_new_messages_by_the_answers(
    connection: duckdb.DuckDBPyConnection, asked: Path
) -> None:
    warehouse = Warehouse(asked, connection)
    give_answers(warehouse, [GivenAnswer(template_of(warehouse, SEEN), "anomalous")])
    connection.execute("CREATE TEMP TABLE mine AS SELECT unnest([?, ?]) AS text", [SAME, OTHER])
    statement = "SELECT text, fame_score(text) FROM mine ORDER BY text"
    live = connection.execute(statement).fetchall()
    assert fame_sql.query(connection, statement).fetchall() == live
    assert dict(live)[SAME] == 1.0 != dict(live)[OTHER]


def test_a_person_wins_over_a_language_model_and_both_are_kept(asked: Path) -> None:
    give(asked, "anomalous", "llm")
    with Warehouse.open(asked) as warehouse:
        template_id = template_of(warehouse, SEEN)
        assert read_answers(warehouse.connection).by_template == {template_id: "anomalous"}
        give_answers(warehouse, [GivenAnswer(template_id, "normal", author="me", evidence="tea")])
        give_answers(warehouse, [GivenAnswer(template_id, "anomalous", source="llm")])
        assert read_answers(warehouse.connection).by_template == {template_id: "normal"}
        assert warehouse.value("SELECT count(*) FROM fame.answers") == 2
        labels = warehouse.rows(
            "SELECT source, is_anomaly, author FROM fame.labels WHERE log_id IS NULL "
            "ORDER BY source"
        )
        assert labels == [("human", False, "me"), ("llm", True, None)]
        withdraw_answers(warehouse, [template_id], "human")
        assert read_answers(warehouse.connection).by_template == {template_id: "anomalous"}


def test_a_mixed_answer_is_kept_and_leaves_the_score_to_the_model(asked: Path) -> None:
    statement = "SELECT score, answer FROM scored_logs WHERE body = ?"
    with Warehouse.open(asked) as warehouse:
        [(score, _)] = warehouse.rows(statement, [SEEN])
        give_answers(warehouse, [GivenAnswer(template_of(warehouse, SEEN), "mixed")])
        assert warehouse.rows(statement, [SEEN]) == [(score, "mixed")]
        assert not warehouse.value("SELECT count(*) FROM fame.labels WHERE log_id IS NULL")
        assert not warehouse.value("SELECT count(*) FROM label_queue WHERE example = ?", [SEEN])


@pytest.mark.any_duckdb
def test_the_next_compile_learns_from_an_answer(
    asked: Path, tmp_path: Path, tiny: StudentConfig
) -> None:
    give(asked, "anomalous")
    add(asked, tmp_path / "later.log", SAME)
    with Warehouse.open(asked) as warehouse:
        frozen = warehouse.rows("SELECT template_id, match_order FROM templates ORDER BY ALL")
        assert status(warehouse).next_command == "fame compile"
        ran: list[str] = []
        compile_model(warehouse, config=tiny, on_stage=lambda name, _: ran.append(name))
        assert {"adopt", "train"} <= set(ran)
        facts = "SELECT DISTINCT known_template, template, answer, score FROM scored_logs"
        found = warehouse.rows(f"{facts} WHERE body LIKE 'blimp%'")
        assert found == [(True, "blimp <*> ate the cheese on shelf <*>", "anomalous", 1.0)]
        kept = warehouse.rows("SELECT template_id, match_order FROM templates ORDER BY ALL")
        assert set(frozen) < set(kept)
        # Every line of it is labelled, those that came after the answer too, and learned.
        labels = warehouse.rows(
            "SELECT l.is_anomaly, e.template_id = l.template_id FROM fame.labels AS l "
            "INNER JOIN events AS e ON e.event_id = l.event_id WHERE e.example LIKE 'blimp%'"
        )
        assert set(labels) == {(True, True)}
        [verdict] = verdicts_of_the_model(warehouse, SAME)
        assert verdict.known_template
        assert status(warehouse).next_command.startswith("fame query")


def test_a_template_is_found_by_the_beginning_of_its_identity(opened: Warehouse) -> None:
    template_id = opened.value("SELECT template_id FROM label_queue")
    assert find_template(opened, template_id) == template_id
    assert find_template(opened, template_id[4:]) == template_id
    with pytest.raises(fame_sql.errors.InputError, match="names no new template"):
        find_template(opened, "cheese")
    with pytest.raises(fame_sql.errors.InputError, match="and perhaps more"):
        find_template(opened, "")
