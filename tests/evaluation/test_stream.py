"""The stream: what answers about new templates find, from the past only."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.cli import main
from fame_sql.errors import InputError
from fame_sql.evaluation.stream.replay import AnswerPlan, StreamedLine, replay
from fame_sql.evaluation.stream.stream import StreamPlan, evaluate_stream
from fame_sql.ingest import Hints, ingest_file
from fame_sql.labels.suspicion import suspicion
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


def lines_of(text: str, *, severity: int = 17) -> list[StreamedLine]:
    """Return a line for each letter, its template: upper case is anomalous, | ends a block."""
    found, block = [], 0
    for letter in text:
        if letter == "|":
            block += 1
        else:
            found.append(StreamedLine(letter.lower(), 0.2, severity, letter.isupper(), block))
    return found


def reported(text: str, plan: AnswerPlan, **more: int) -> str:
    return "".join(
        "x" if score > 0.5 else "." for score in replay(lines_of(text, **more), plan).score
    )


@pytest.mark.parametrize(
    ("text", "answers", "delay", "expected"),
    [
        ("AAbbAA", 9, 0, ".x..xx"),  # the first line is missed
        ("AAbbAA", 1, 0, ".x..xx"),
        ("bbAAAA", 1, 0, "......"),  # the answer is spent on b
        ("AAbb|AA|AA", 9, 1, "....xxxx"),
        ("AAbb|AA|AA", 9, 2, "......xx"),
        ("AaAA", 9, 0, ".xxx"),  # what was seen of it is one answer
        ("AaAA|A", 9, 1, "....."),  # mixed: the words decide
    ],
)
def test_what_is_reported(text: str, answers: int, delay: int, expected: str) -> None:
    assert reported(text, AnswerPlan(answers, delay)) == expected


def test_the_most_suspicious_is_asked_first() -> None:
    waiting = [*lines_of("bb"), *lines_of("A", severity=21)]
    later = [replace(line, block=1) for line in lines_of("bA")]
    assert list(replay([*waiting, *later], AnswerPlan(1, delay=1)).answers) == ["a"]


def test_a_wrong_answer_costs_lines() -> None:
    assert reported("AAAbbb", AnswerPlan(9, wrong=1.0)) == "....xx"
    answers = [replay(lines_of("AbCdEf" * 2), AnswerPlan(9, wrong=0.5, seed=s)) for s in range(20)]
    wrong = sum(a.answers[n] == "normal" for a in answers for n in "ace")
    assert 15 < wrong < 45
    assert answers[0].answers == replay(lines_of("AbCdEf"), AnswerPlan(9, wrong=0.5)).answers


streams = st.lists(
    st.tuples(st.sampled_from("abc"), st.booleans(), st.sampled_from((0, 17)), st.floats(0, 1)),
    max_size=30,
)


@given(streams, streams, st.integers(0, 5), st.integers(0, 2))
def test_no_line_is_judged_by_what_comes_after_it(
    before: list[tuple], after: list[tuple], answers: int, delay: int
) -> None:
    def made(rows: list[tuple]) -> list[StreamedLine]:
        return [
            StreamedLine(name, score, severity, truth, place // 4)
            for place, (name, truth, severity, score) in enumerate(rows)
        ]

    plan = AnswerPlan(answers, delay)
    alone = replay(made(before), plan).score.tolist()
    together = replay(made([*before, *after]), plan).score.tolist()
    assert together[: len(alone)] == alone


def test_the_view_and_the_stream_rank_alike(opened: Warehouse) -> None:
    opened.connection.execute("UPDATE fame.logs SET severity_number = 1 + event_id % 24")
    rows = opened.records("SELECT * FROM label_queue")
    assert rows
    for row in rows:
        expected = suspicion(row["score"], row["severity_number"], row["lines"])
        assert row["suspicion"] == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize(
    "wrong", [{"answers": (-1,)}, {"delay": -1}, {"wrong": 1.5}, {"cuts": ()}, {"cuts": (2.0,)}]
)
def test_an_impossible_plan_is_refused(wrong: dict) -> None:
    with pytest.raises(InputError):
        StreamPlan(**wrong)


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log whose second half has two new templates: a fault and a harmless error."""
    path = tmp_path_factory.mktemp("stream") / "stream.duckdb"
    log = path.with_suffix(".jsonl")
    bodies = ["service a started", "cache flushed", "disk alpha broken"] * 20
    later = ["quorum vanished in shard 3", "clock skewed by 7 ms", "cache flushed"] * 20
    with log.open("w") as file:
        for i, body in enumerate(bodies + later):
            is_bad = body.startswith(("disk", "quorum"))
            line = {
                "timestamp": f"2024-01-01T{i // 60:02d}:{i % 60:02d}:00",
                "severity_text": "INFO" if body.startswith(("service", "cache")) else "ERROR",
                "body": body,
                "label": "alert" if is_bad else "-",
            }
            file.write(json.dumps(line) + "\n")
    with Warehouse.open(path, create=True) as warehouse:
        ingest_file(warehouse, log, format="jsonl", hints=Hints(label_key="label"))
    return path


def test_answers_find_what_words_cannot(streamed: Path) -> None:
    plan = StreamPlan(cuts=(0.5,), answers=(0, 2), blocks=4)
    found = {(r.detector, r.answers): r for r in evaluate_stream(streamed, plan) if r.cut == "50%"}
    words, none, two = (found[key] for key in (("words alone", 0), ("answers", 0), ("answers", 2)))
    assert (words.templates, words.lines, words.anomalies) == (2, 40, 20)
    assert (words.recall.value, words.false_alarms) == (none.recall.value, none.false_alarms)
    assert two.used == 2
    assert two.recall.value == pytest.approx(max(words.recall.value, 19 / 20))
    assert two.false_alarms <= words.false_alarms
    assert {name for name, _ in found} >= {"words learn the same lines", "words learn random lines"}


@pytest.mark.slow
def test_the_command_line(streamed: Path) -> None:
    def run(*words: str, code: int = 0) -> str:
        command = ["evaluate", *words, "--warehouse", str(streamed)]
        done = CliRunner().invoke(main, command)
        assert done.exit_code == code, done.output
        return done.stdout if code == 0 else done.output

    stream = ("--stream", "--cuts", "0.4,0.5", "--answers", "2", "--delay", "1")
    rows = json.loads(run(*stream, "--wrong-answers", "0.5", "--seeds", "3", "--json"))
    assert {row["cut"] for row in rows} == {"40%", "50%", "mean"}
    assert "new templates" in run(*stream)
    assert run(*stream, "--csv").startswith("cut,detector,answers,used,new templates")
    assert "--answers needs --stream" in run("--answers", "2", code=2)
    assert "--folds needs --study" in run("--stream", "--folds", "2", code=2)
    assert "not both" in run("--stream", "--study", code=2)
    assert "is not a list" in run("--stream", "--answers", "many", code=1)
    assert "not whole" in run("--stream", "--answers", "1.5", code=1)
    assert "cut earlier" in run("--stream", "--cuts", "0.999", code=1)
