"""The queue of new templates: listed, answered by people and by a language model, once each."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from llm_server import LanguageServer, rows_of

from fame_sql.cli import main
from fame_sql.labels.canaries import _ANOMALOUS, _NORMAL
from fame_sql.labels.queue import QueueReview, examples, read_queue
from fame_sql.labels.queue.by_llm import answer_queue, preview_queue
from fame_sql.llm.client import Client
from fame_sql.llm.failures import BudgetError
from fame_sql.llm.ledger import Ledger
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.redaction import Redactor
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


def fame(warehouse: Path, *words: str, code: int = 0, **more: object) -> Result:
    done = CliRunner().invoke(main, [*words, "--warehouse", str(warehouse)], **more)  # type: ignore[arg-type]
    assert done.exit_code == code, done.output
    return done


def queue(warehouse: Path, *words: str) -> list[dict[str, object]]:
    return json.loads(fame(warehouse, "queue", *words, "--json").stdout)


def answers(warehouse: Path) -> dict[str, str]:
    with Warehouse.open(warehouse, read_only=True) as opened:
        return dict(opened.rows("SELECT template_id, label FROM fame.answers_in_force"))


def model_of(warehouse: Warehouse, server: LanguageServer, **more: object) -> LanguageModel:
    client = Client(server.base_url, "key")
    return LanguageModel("gpt-4o", Ledger(warehouse), Redactor.of(warehouse), client=client, **more)


# ---- people


def test_the_queue_is_ranked_and_answers_leave_it(copied: Path) -> None:
    waiting = queue(copied)
    assert len(waiting) > 3
    suspicion = [row["suspicion"] for row in waiting]
    assert suspicion == sorted(suspicion, reverse=True)
    assert queue(copied, "--top", "2") == waiting[:2]
    assert len(fame(copied, "queue", "--csv").stdout.splitlines()) == 1 + len(waiting)
    first, second = (str(row["template_id"]) for row in waiting[:2])
    given = (
        "--answer",
        f"{first[:12]}=anomalous",
        "--answer",
        f"{second}=Mixed",
        "--reason",
        "tea",
    )
    fame(copied, "queue", *given)
    assert answers(copied) == {first: "anomalous", second: "mixed"}
    assert queue(copied) == waiting[2:]
    fame(copied, "queue", "--withdraw", first)
    assert queue(copied) == [waiting[0], *waiting[2:]]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--answer", "new-000=normal"), 1, "names no new template"),
        (("--answer", "new-000"), 2, "TEMPLATE=LABEL"),
        (("--answer", "new-=normal"), 1, "and perhaps more"),
        (("--answer", "FIRST=broken"), 1, "none of normal, anomalous, mixed"),
        (("--answer", "FIRST=normal", "--llm-model", "m"), 2, "use either"),
    ],
)
def test_wrong_answers_are_refused_whole(
    copied: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    first = str(queue(copied)[0]["template_id"])
    given = [word.replace("FIRST", first) for word in words]
    assert message in fame(copied, "queue", "--answer", f"{first}=normal", *given, code=code).output
    assert answers(copied) == {}


def test_a_spreadsheet_goes_round(copied: Path, tmp_path: Path) -> None:
    path = tmp_path / "queue.csv"
    fame(copied, "queue", "export", str(path))
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["template_id"] for row in rows] == [row["template_id"] for row in queue(copied)]
    given = dict(zip((row["template_id"] for row in rows), ("anomaly", "-", "mixed"), strict=False))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "label": given.get(row["template_id"], "")} for row in rows)
    report = json.loads(fame(copied, "queue", "import", str(path), "--json").stdout)
    assert answers(copied) == dict(zip(given, ("anomalous", "normal", "mixed"), strict=True))
    assert report["waiting"] == len(rows) - 3
    assert "exists and may contain labels" in fame(
        copied, "queue", "export", str(path), code=1
    ).output  # fmt: skip
    # The same file through the older command, after the templates have been adopted.
    fame(copied, "queue", *(w for name in given for w in ("--withdraw", name)))
    fame(copied, "label", "import", str(path))
    assert len(answers(copied)) == 3


def test_one_key_answers_a_template(copied: Path) -> None:
    waiting = [str(row["template_id"]) for row in queue(copied)]
    shown = fame(copied, "queue", "review", input="asnumq").output
    assert answers(copied) == {waiting[0]: "anomalous", waiting[2]: "mixed"}
    assert f"{len(waiting)} left. {waiting[0]}" in shown
    assert "example: " in shown
    assert "similar: " in shown
    assert "undone" in shown


def test_a_review_ends_where_nothing_waits(opened: Warehouse) -> None:
    session = QueueReview(opened)
    while row := session.next_template():
        session.answer(row["template_id"], "normal")
    assert not read_queue(opened)
    assert session.undo()
    assert len(read_queue(opened)) == 1


# ---- a language model


def test_a_model_is_asked_once_for_each_template(opened: Warehouse, server: LanguageServer) -> None:
    waiting = read_queue(opened)
    planned = preview_queue(opened, model_of(opened, server))
    model = model_of(opened, server)
    report = answer_queue(opened, model)
    assert model.sent == len(server.requests) == len(planned) > len(waiting)
    assert report.normal + report.anomalous + report.mixed == len(waiting)
    assert report.waiting == 0
    facts = opened.rows("SELECT DISTINCT source, author, evidence <> '' FROM fame.answers")
    assert facts == [("llm", "gpt-4o", True)]
    [bill] = [row for row in Ledger(opened).bill() if row["stage"] == "queue"]
    assert bill["calls"] == len(planned)
    assert bill["cost_usd"] > 0
    # What was paid for is not paid again, even where the answers themselves are lost.
    opened.connection.execute(
        "DELETE FROM fame.answers; DELETE FROM fame.labels WHERE source = 'llm'"
    )
    again = model_of(opened, server)
    answer_queue(opened, again)
    assert (again.sent, again.replayed) == (0, len(planned))


def test_a_budget_stops_the_run_and_the_answers_are_kept(
    opened: Warehouse, server: LanguageServer
) -> None:
    waiting = len(read_queue(opened))
    one = model_of(opened, server)
    cost = one.cost(preview_queue(opened, one, at_most=1, readings=1)[0])
    assert cost
    with pytest.raises(BudgetError, match="the answers so far are kept"):
        answer_queue(opened, model_of(opened, server, max_cost=2.5 * cost), readings=1)
    sent = len(server.requests)
    assert 0 < sent < waiting
    assert opened.value("SELECT count(*) FROM fame.answers") == sent
    assert answer_queue(opened, model_of(opened, server), readings=1).waiting == 0
    assert len(server.requests) == waiting


def test_a_request_shows_the_lines_beside_and_what_people_have_judged(
    opened: Warehouse, server: LanguageServer
) -> None:
    answer_queue(opened, model_of(opened, server), at_most=1, readings=1)
    [body] = server.requests
    assert any("before" in row or "after" in row for row in rows_of(body))
    assert "EXAMPLES" not in json.dumps(body)
    first, *_ = read_queue(opened)
    session = QueueReview(opened, "ada")
    session.answer(first["template_id"], "normal")
    answer_queue(opened, model_of(opened, server), at_most=1)
    assert "EXAMPLES" in json.dumps(server.requests[-1])


def test_a_line_beside_an_example_does_not_decide_its_answer(
    opened: Warehouse, server: LanguageServer
) -> None:
    """An order in a neighbouring line sways the first reading; the second stands without it."""

    def obedient(body: dict) -> str:
        said = server.honest(body)
        if any("before" in row or "after" in row for row in rows_of(body)):
            for judgement, row in zip(said["judgements"], rows_of(body), strict=True):
                if row["message"] not in _ANOMALOUS:
                    judgement["label"] = "normal"
        return json.dumps(said)

    server.is_anomalous = lambda row: row["message"] not in _NORMAL
    server.answer = obedient
    report = answer_queue(opened, model_of(opened, server), at_most=2)
    assert (report.anomalous, report.normal) == (2, 0)
    said = opened.rows("SELECT evidence FROM fame.answers")
    assert all("judged otherwise among other lines" in evidence for (evidence,) in said)


def test_messages_that_are_judged_differently_make_a_mixed_answer(
    opened: Warehouse, server: LanguageServer
) -> None:
    waiting = read_queue(opened)
    shown = {row["template_id"]: examples(opened, row["template_id"]) for row in waiting}
    masked = Redactor.of(opened).text
    first = {masked(lines[0]["body"]) for lines in shown.values()}
    server.is_anomalous = lambda row: row["message"] in {*first, *_ANOMALOUS}
    answer_queue(opened, model_of(opened, server))
    several = {template for template, lines in shown.items() if len(lines) > 1}
    mixed = opened.rows("SELECT template_id FROM fame.answers WHERE label = 'mixed'")
    assert {template for (template,) in mixed} == several != set()


def test_the_command_asks_only_when_told_to(
    copied: Path, server: LanguageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAME_LLM", server.base_url)
    monkeypatch.setenv("FAME_LLM_MODEL", "gpt-4o")
    monkeypatch.setenv("FAME_LLM_KEY", "key")
    waiting = len(queue(copied))
    assert "nothing was sent" in fame(copied, "queue", "--llm", "--dry-run").output
    assert not server.requests
    limits = ("--top", "2", "--max-cost", "1", "--readings", "1")
    done = fame(copied, "queue", "--llm", *limits, "--json")
    assert json.loads(done.stdout)["waiting"] == waiting - 2
    assert len(server.requests) == 2
    assert "2 requests sent" in done.stderr
