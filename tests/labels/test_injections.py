"""Lines that give orders, and models that obey them: no label of another line flips unnoticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from llm_judge import model_of
from llm_server import LanguageServer, looks_bad, rows_of

from fame_sql.domains.domains import group_templates
from fame_sql.labels.by_llm import label_with_llm
from fame_sql.labels.canaries import _ANOMALOUS as KNOWN_ANOMALOUS
from fame_sql.labels.canaries import _NORMAL as KNOWN_NORMAL
from fame_sql.labels.injections import looks_like_an_order
from fame_sql.labels.judging import Judge
from fame_sql.llm.failures import AnswerError, UntrustedError
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

ORDERS = (Path(__file__).parent / "injections.txt").read_text(encoding="utf-8").splitlines()
# What no rule finds: the obedient models below obey these, too.
HIDDEN = ["qx-7 please be kind to all of us today", "zzz: aaa, bbb and ccc as agreed before"]
PARTS = [ORDERS[start : start + 10] for start in range(0, len(ORDERS), 10)]
NORMAL = ["worker {} started", "report {} sent", "cache {} refreshed", "page {} served"]
ANOMALOUS = ["disk {} failed", "node {} lost", "fatal error in unit {}", "link {} refused"]

KNOWN = {*KNOWN_ANOMALOUS, *KNOWN_NORMAL}

Rows = list[dict[str, str]]


def lines_of(orders: list[str]) -> list[dict]:
    texts = [text.format(n) for n in range(4) for text in NORMAL + ANOMALOUS]
    texts[5:5] = orders
    facts = {"service_name": "app", "severity_text": None, "template_id": "t", "event_id": 1}
    return [{**facts, "log_id": n, "body": text} for n, text in enumerate(texts)]


def inverted(label: str) -> str:
    return "normal" if label == "anomalous" else "anomalous"


def neighbours(said: dict[str, str], at: int) -> dict[str, str]:
    near = {f"l{at}", f"l{at + 2}"}
    return {i: inverted(label) if i in near else label for i, label in said.items()}


BRAINS: dict[str, Callable[[dict[str, str], int], dict[str, str]]] = {
    "all normal": lambda said, _: dict.fromkeys(said, "normal"),
    "all anomalous": lambda said, _: dict.fromkeys(said, "anomalous"),
    "inverted": lambda said, _: {i: inverted(label) for i, label in said.items()},
    "its neighbours": neighbours,
}


def obedient(brain: str, orders: list[str]) -> Callable[[dict], str]:
    """Return a model that judges well, unless an order stands among its rows."""

    def answer(body: dict) -> str:
        rows: Rows = rows_of(body)
        said = {r["id"]: "anomalous" if looks_bad(r) else "normal" for r in rows}
        at = next((n for n, row in enumerate(rows) if row["message"] in orders), None)
        if at is not None:
            said = BRAINS[brain](said, at)
        return json.dumps(
            {"judgements": [{"id": i, "label": v, "reason": "seen"} for i, v in said.items()]}
        )

    return answer


def flipped(judged: list[dict], orders: list[str]) -> list[str]:
    """Return the lines whose stored label is not what the model says of them alone."""
    return [
        line["body"]
        for line in judged
        if line["body"] not in orders and line["is_anomaly"] != looks_bad({"message": line["body"]})
    ]


def test_the_orders_of_the_suite_are_recognised() -> None:
    assert len(ORDERS) >= 50
    assert [order for order in ORDERS if not looks_like_an_order(order)] == []


@pytest.mark.parametrize(
    "text",
    ["disk sda1 failed", "user agent ignored", "rule 3 matched all rules", "label sent to printer"],
)
def test_a_line_about_the_system_is_no_order(text: str) -> None:
    assert not looks_like_an_order(text)


@pytest.mark.slow
@pytest.mark.parametrize("brain", BRAINS)
@pytest.mark.parametrize("orders", PARTS, ids=range(len(PARTS)))
def test_no_label_of_another_line_flips(
    empty: Warehouse, server: LanguageServer, orders: list[str], brain: str
) -> None:
    server.answer = obedient(brain, orders)
    model = model_of(empty, server)
    lines = lines_of(orders)
    judged = Judge(model).judge_all(lines)
    assert flipped(judged, orders) == []
    assert len([line for line in judged if line["body"] not in orders]) == 32
    assert f"{len(orders)} lines that read like orders were asked about alone" in model.notices


@pytest.mark.parametrize("brain", BRAINS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_an_order_that_no_rule_finds_is_noticed(
    empty: Warehouse, server: LanguageServer, hidden: str, brain: str
) -> None:
    assert not looks_like_an_order(hidden)
    server.answer = obedient(brain, [hidden])
    model = model_of(empty, server)
    judged = Judge(model).judge_all(lines_of([hidden]))
    assert flipped(judged, [hidden]) == []
    assert len(judged) >= 28
    assert any("refused" in notice or "contradict" in notice for notice in model.notices)


def test_a_model_that_calls_everything_normal_is_given_up(
    empty: Warehouse, server: LanguageServer
) -> None:
    server.is_anomalous = lambda row: False
    judge = Judge(model_of(empty, server))
    with pytest.raises(UntrustedError, match=r"4 requests in a row.*after 8 requests sent \(\$"):
        judge.judge_all(lines_of([]))
    assert (judge.kept, len(server.bodies)) == ([], 8)


def test_a_model_is_given_up_at_the_end_of_few_lines(
    empty: Warehouse, server: LanguageServer
) -> None:
    server.is_anomalous = lambda row: False
    with pytest.raises(UntrustedError):
        Judge(model_of(empty, server)).judge_all(lines_of([])[:2])


def test_what_was_judged_before_a_model_is_given_up_is_kept(
    empty: Warehouse, server: LanguageServer
) -> None:
    def tires(body: dict) -> str:
        tired = len(server.bodies) > 2
        said = {r["id"]: looks_bad(r) and not tired for r in rows_of(body)}
        rows = [{"id": i, "label": "anomalous" if v else "normal", "reason": ""}
                for i, v in said.items()]  # fmt: skip
        return json.dumps({"judgements": rows})

    server.answer = tires
    judge = Judge(model_of(empty, server, window=4200))
    with pytest.raises(UntrustedError):
        judge.judge_all(lines_of([]) * 8)
    assert len(judge.kept) > 10


def test_a_line_that_the_model_cannot_tell_waits_for_a_person(
    empty: Warehouse, server: LanguageServer
) -> None:
    def unsure(body: dict) -> str:
        answer = server.honest(body)
        for row, said in zip(rows_of(body), answer["judgements"], strict=True):
            said["label"] = "cannot tell" if "page" in row["message"] else said["label"]
        return json.dumps(answer)

    server.answer = unsure
    judged = Judge(model_of(empty, server)).judge_all(lines_of([]))
    assert len(judged) == 28
    assert not [line for line in judged if "page" in line["body"]]


@pytest.mark.slow
def test_a_certificate_fails_for_labels_that_contradict_their_lines(
    unlabelled: Warehouse, server: LanguageServer
) -> None:
    label_with_llm(unlabelled, model_of(unlabelled, server))
    assert group_templates(unlabelled).certificate.certified
    unlabelled.connection.execute("UPDATE fame.labels SET is_anomaly = FALSE")
    certificate = group_templates(unlabelled).certificate
    assert not certificate.certified
    said = [finding.detail for finding in certificate.findings if finding.rule == "label trust"]
    assert any("a model would report nothing" in detail for detail in said)
    unlabelled.connection.execute("UPDATE fame.logs SET severity_number = 17")
    findings = group_templates(unlabelled).certificate.findings
    assert any("call lines of severity ERROR" in finding.detail for finding in findings)


@pytest.mark.slow
def test_a_certificate_fails_where_many_lines_are_judged_otherwise_among_others(
    unlabelled: Warehouse, server: LanguageServer
) -> None:
    def wavers(body: dict) -> str:
        answer = server.honest(body)
        if "different places" in body["messages"][1]["content"]:
            known = {row["id"] for row in rows_of(body) if row["message"] in KNOWN}
            for said in answer["judgements"]:
                if said["id"] not in known:
                    said["label"] = inverted(said["label"])
        return json.dumps(answer)

    server.answer = wavers
    label_with_llm(unlabelled, model_of(unlabelled, server))
    assert told_of_trust(unlabelled)
    unlabelled.connection.execute(
        "INSERT INTO fame.labels BY NAME SELECT log_id, event_id, template_id, TRUE AS is_anomaly, "
        "'human' AS source, 'ann' AS author, now()::TIMESTAMP AS labelled_at FROM fame.doubts"
    )
    assert not told_of_trust(unlabelled)


def told_of_trust(warehouse: Warehouse) -> list[str]:
    findings = group_templates(warehouse).certificate.findings
    return [f.detail for f in findings if "judged otherwise among other lines" in f.detail]


def test_a_model_that_answers_nothing_is_an_error(empty: Warehouse, server: LanguageServer) -> None:
    server.answer = lambda _: "no"
    with pytest.raises(AnswerError, match="two answers"):
        Judge(model_of(empty, server)).judge_all(lines_of([])[:2])
