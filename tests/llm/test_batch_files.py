"""Batch files: half the price, nothing paid for twice, and the same result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from llm_server import LanguageServer

from fame_sql.cli import main
from fame_sql.ingest import ingest_file
from fame_sql.llm.batch import BatchFile
from fame_sql.llm.ledger import Ledger
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "w.duckdb"
    log = tmp_path / "disks.log"
    log.write_text(
        "".join(
            f"2024-05-01 10:{n:02d}:00 {level} {text}\n"
            for n in range(30)
            for level, text in (
                ("ERROR", f"disk sd{n % 3} failed at 9{n % 4}%"),
                ("INFO", f"unit {'abc'[n % 3]} state {'failed' if n % 2 else 'running'}"),
                ("INFO", "cache filled"),
            )
        )
    )
    with Warehouse.open(found, create=True) as warehouse:
        ingest_file(warehouse, log)
        mine(warehouse)
    return found


def fame(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def answered(batch: Path, server: LanguageServer, spoil: int | None = None) -> Path:
    """Answer a batch file the way an endpoint does, in another order and with foreign lines."""
    lines = [json.loads(line) for line in batch.read_text().splitlines()]
    out = []
    for number, line in enumerate(lines):
        assert line["method"] == "POST"
        assert line["url"] == "/v1/chat/completions"
        assert line["body"]["max_tokens"] > 0
        content = json.dumps(server.honest(line["body"]))
        body = {
            "model": "gpt-4o-2026",
            "choices": [{"finish_reason": "stop", "message": {"content": content}}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 500},
        }
        response = {"status_code": 200, "body": body}
        if number == spoil:
            response = {"status_code": 429, "body": {"error": {"message": "no"}}}
        out.append({"id": f"b{number}", "custom_id": line["custom_id"], "response": response})
    out.append({"id": "x", "custom_id": "sha256-foreign", "response": None, "error": None})
    path = batch.with_suffix(".answers")
    path.write_text("".join(f"{json.dumps(line)}\n" for line in reversed(out)))
    return path


def to_the_end(path: Path, server: LanguageServer, *command: object) -> list[int]:
    """Run a command, answering its batch files, until it is done; return their sizes."""
    sizes: list[int] = []
    for turn in range(9):
        batch = path.parent / f"{command[0]}{turn}.jsonl"
        result = fame(*command, "--warehouse", path, "--llm-model", "gpt-4o", "--batch-file", batch)
        if result.exit_code == 0:
            assert not batch.exists()
            return sizes
        assert "fame llm answers" in result.output, result.output
        sizes.append(len(batch.read_text().splitlines()))
        read = fame("llm", "answers", answered(batch, server), "--warehouse", path)
        assert read.exit_code == 0, read.output
    raise AssertionError(sizes)


def test_labels_of_batch_files_are_those_of_an_endpoint(
    path: Path, server: LanguageServer, tmp_path: Path
) -> None:
    other = tmp_path / "other.duckdb"
    other.write_bytes(path.read_bytes())
    sizes = to_the_end(path, server, "label")
    assert not server.bodies
    sent = fame("label", "--warehouse", other, "--llm", server.base_url, "--llm-model", "gpt-4o")
    assert sent.exit_code == 0, sent.output
    labels = "SELECT log_id, is_anomaly, evidence FROM fame.labels ORDER BY ALL"
    with Warehouse.open(path) as mine_, Warehouse.open(other) as theirs:
        assert mine_.rows(labels) == theirs.rows(labels)
        calls = "SELECT request_hash FROM fame.llm_calls ORDER BY ALL"
        assert mine_.rows(calls) == theirs.rows(calls)
        count, cost, lost = mine_.rows(
            "SELECT count(*), sum(cost_usd), sum(lost_usd) FROM fame.llm_calls"
        )[0]
    assert count == sum(sizes) == len(server.bodies)
    assert cost == pytest.approx(count * 0.5 * (1000 * 2.5 + 500 * 10) / 1e6), "half the price"
    assert lost == 0


def test_nothing_is_written_twice(path: Path, server: LanguageServer, tmp_path: Path) -> None:
    command = ("label", "--warehouse", path, "--llm-model", "gpt-4o", "--batch-file")
    first = tmp_path / "one.jsonl"
    assert fame(*command, first).exit_code == 1
    assert first.exists()
    again = fame(*command, tmp_path / "two.jsonl")
    assert again.exit_code == 1
    assert "one.jsonl" in again.output
    assert not (tmp_path / "two.jsonl").exists(), "the requests wait for their answers"
    live = fame("label", "--warehouse", path, "--llm", server.base_url, "--llm-model", "gpt-4o")
    assert "waits for an answer in the batch file" in live.output
    assert not server.bodies
    bill = json.loads(fame("llm", "bill", "--warehouse", path, "--json").stdout)
    assert bill[0]["without_answer"] == len(first.read_text().splitlines())
    assert bill[0]["lost_usd"] > 0
    forgotten = fame("llm", "forget", "--batch", first, "--warehouse", path)
    assert forgotten.exit_code == 0, forgotten.output
    assert fame(*command, tmp_path / "two.jsonl").exit_code == 1
    assert (tmp_path / "two.jsonl").read_text() == first.read_text()


def test_answers_count_once_and_failures_are_asked_again(
    path: Path, server: LanguageServer, tmp_path: Path
) -> None:
    command = ("label", "--warehouse", path, "--llm-model", "gpt-4o", "--batch-file")
    first = tmp_path / "one.jsonl"
    fame(*command, first)
    size = len(first.read_text().splitlines())
    answers = answered(first, server, spoil=0)
    said = (
        f"{size - 1} answers read, 0 were known, 1 requests failed, 1 lines belong",
        f"0 answers read, {size - 1} were known, 1 requests failed, 1 lines belong",
    )
    for expected in said:
        assert expected in fame("llm", "answers", answers, "--warehouse", path).output
    fame(*command, tmp_path / "two.jsonl")
    assert (tmp_path / "two.jsonl").read_text().splitlines() == first.read_text().splitlines()[:1]


def test_a_file_is_never_replaced_and_a_budget_holds(path: Path, tmp_path: Path) -> None:
    command = ("label", "--warehouse", path, "--llm-model", "gpt-4o", "--batch-file")
    taken = tmp_path / "taken.jsonl"
    taken.write_text("mine")
    refused = fame(*command, taken)
    assert refused.exit_code == 1
    assert "exists" in refused.output
    assert taken.read_text() == "mine"
    poor = fame(*command, tmp_path / "poor.jsonl", "--max-cost", "0.000001")
    assert "nothing was written" in poor.output
    assert not (tmp_path / "poor.jsonl").exists()
    with Warehouse.open(path) as warehouse:
        assert warehouse.value("SELECT count(*) FROM fame.llm_calls") == 0


def test_a_file_that_is_no_answer_is_refused(path: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsonl"
    for text in ("no json", "[1]", '{"custom_id": 3}', "[" * 100_000):
        wrong.write_text(text)
        result = fame("llm", "answers", wrong, "--warehouse", path)
        assert result.exit_code == 1
        assert "line 1 is not an answer" in result.output


def test_requests_are_marked_before_the_file_is_there(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed while it writes leaves requests that wait, not two that cost."""

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fame_sql.llm.batch.write_text", killed)
    monkeypatch.setattr(Ledger, "unmark_batch", lambda *_: None)
    command = ("label", "--warehouse", path, "--llm-model", "gpt-4o", "--batch-file")
    fame(*command, tmp_path / "one.jsonl")
    monkeypatch.undo()
    result = fame(*command, tmp_path / "two.jsonl")
    assert "one.jsonl" in result.output
    assert not (tmp_path / "two.jsonl").exists()
    with Warehouse.open(path) as warehouse:
        batch = BatchFile(tmp_path / "three.jsonl", Ledger(warehouse))
        assert batch.write("3", None, None) == 0  # type: ignore[arg-type]
