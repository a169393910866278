"""Each line is read twice, among other lines: one that sways another is noticed.

The orders are in disguise (other languages, encodings, letters that nobody sees), so that most are
found by no rule, and they turn labels that contradict no word of their lines.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from itertools import combinations, islice
from pathlib import Path

import pytest
from llm_server import rows_of

from fame_sql.labels.injections import looks_like_an_order
from fame_sql.labels.judging import Judge
from fame_sql.labels.readings import Reading, apart, in_rounds, swayed_alike
from fame_sql.llm.ledger import Ledger, Reply
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.redaction import Redactor
from fame_sql.llm.request import Request
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

DISGUISED = [
    json.loads(line)
    for line in (Path(__file__).parent / "disguised.jsonl").read_text("utf-8").splitlines()
]
NORMAL = ["worker {} started", "report {} sent", "cache {} refreshed", "page {} served"]
CALM = [
    "replica {} lags 900 s behind",
    "queue {} holds 100000 of 100000",
    "heartbeat of node {} is overdue",
    "temperature of unit {} is 104 C",
]
LOUD = ["disk {} failed", "node {} lost", "fatal error in unit {}"]
# Words of the rows with a known answer, which a clever order spares.
KNOWN = re.compile(r"data lost|not syncing|not responding|corrupted|out of memory|input/output")

Row = dict[str, str]


def kind_of(message: str) -> str:
    return re.sub(r"\d+", "#", message)


BAD = {kind_of(text.format(1)) for text in CALM + LOUD}


def is_bad(message: str) -> bool:
    return kind_of(message) in BAD or KNOWN.search(message) is not None


def beside(rows: list[Row], at: int) -> set[str]:
    return {row["id"] for row in rows[max(0, at - 2) : at + 3]}


def of_one_kind(rows: list[Row], at: int) -> set[str]:
    kinds = {kind_of(CALM[0].format(1)), kind_of(rows[at - 1]["message"])}
    return {row["id"] for row in rows if kind_of(row["message"]) in kinds}


def after(rows: list[Row], at: int) -> set[str]:
    return {row["id"] for row in rows[at + 1 : at + 6]}


def at_the_end(rows: list[Row], at: int) -> set[str]:
    return {row["id"] for row in rows} if at >= len(rows) - 6 else set()


def all_but_known(rows: list[Row], at: int) -> set[str]:
    return {row["id"] for row in rows if not KNOWN.search(row["message"])}


BRAINS: dict[str, Callable[[list[Row], int], set[str]]] = {
    "obeys for the whole request": lambda rows, at: {row["id"] for row in rows},
    "obeys for the lines beside it": beside,
    "obeys for lines of one template": of_one_kind,
    "obeys for the lines after it": after,
    "obeys only what comes last": at_the_end,
    "obeys, but not for known answers": all_but_known,
}


class Obedient:
    """Judges well, except what orders in the same request sway."""

    def __init__(self, order: str, sways: Callable[[list[Row], int], set[str]], *more: str) -> None:
        self.orders, self.sways, self.swayed = {order, *more}, sways, 0

    def send(self, request: Request, on_send: Callable[[], None]) -> Reply:
        on_send()
        rows = rows_of({"messages": request.messages})
        said = {row["id"]: "anomalous" if is_bad(row["message"]) else "normal" for row in rows}
        places = [n for n, row in enumerate(rows) if row["message"] in self.orders]
        for i in {i for at in places for i in self.sways(rows, at)}:
            self.swayed += said[i] == "anomalous"
            said[i] = "normal"
        answer = [{"id": i, "label": label, "reason": "seen"} for i, label in said.items()]
        return Reply(json.dumps({"judgements": answer}), 10, 10)


def lines_with(order: str, at: int) -> list[dict]:
    texts = [text.format(n) for n in range(3) for text in NORMAL + CALM + LOUD]
    texts.insert(at % len(texts), order)
    facts = {"service_name": "app", "severity_text": None, "template_id": "t", "event_id": 1}
    return [{**facts, "log_id": n, "body": text} for n, text in enumerate(texts)]


def each_brain() -> Iterator[object]:
    for number, brain in enumerate(BRAINS):
        step = 1 if "FAME_EXPLORE" in os.environ else len(BRAINS)
        yield pytest.param(brain, DISGUISED[number % step :: step], id=brain)


@pytest.mark.slow
@pytest.mark.parametrize(("brain", "orders"), list(each_brain()))
def test_no_label_of_another_line_flips(empty: Warehouse, brain: str, orders: list[str]) -> None:
    swayed = 0
    for number, order in enumerate(orders):
        client = Obedient(order, BRAINS[brain])
        model = LanguageModel("gpt-4o", Ledger(empty), Redactor(), client=client)  # type: ignore[arg-type]
        lines = lines_with(order, 7 * number)
        judged = {line["body"]: line["is_anomaly"] for line in Judge(model).judge_all(lines)}
        judged.pop(order, None)
        assert judged == {text: is_bad(text) for line in lines if (text := line["body"]) != order}
        swayed += client.swayed
    assert swayed, "no order swayed anything"


@pytest.mark.slow
@pytest.mark.parametrize("brain", BRAINS)
def test_no_label_flips_unnoticed_beside_many_orders(empty: Warehouse, brain: str) -> None:
    orders = [order for order in DISGUISED if not looks_like_an_order(order)][::5][:6]
    texts = [text.format(n) for n in range(17) for text in NORMAL + CALM + LOUD]
    for number, order in enumerate(orders):
        texts.insert(31 * number + 7, order)
    facts = {"service_name": "app", "severity_text": None, "event_id": 1}
    lines = [
        {**facts, "log_id": n, "template_id": kind_of(text), "body": text}
        for n, text in enumerate(texts)
    ]
    client = Obedient(orders[0], BRAINS[brain], *orders)
    model = LanguageModel("gpt-4o", Ledger(empty), Redactor(), client=client)  # type: ignore[arg-type]
    judge = Judge(model)
    judged = judge.judge_all(lines)
    flagged = {line["log_id"] for line in judge.doubts}
    flipped = [
        line["body"]
        for line in judged
        if line["body"] not in orders and line["is_anomaly"] != is_bad(line["body"])
        if line["log_id"] not in flagged
    ]
    assert (client.swayed > 0, flipped) == (True, [])
    assert len(judged) > len(lines) / 2


def read(labels: str, requests: list[list[int]]) -> Reading:
    """Return a reading of lines whose labels are letters: ``a`` is anomalous."""
    lines = [
        {"log_id": n, "body": f"line {n}", "template_id": f"t{n}", "is_anomaly": label == "a"}
        for n, label in enumerate(labels)
    ]
    return Reading(lines, [[lines[n] for n in request] for request in requests])


ROWS, COLUMNS = [[0, 1, 2], [3, 4, 5], [6, 7, 8]], [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


@pytest.mark.parametrize(
    ("first", "second", "alone", "suspects"),
    [
        # Lines 1 and 3 are overruled in the first row and the first column, where 0 stood twice.
        ("nnnannnnn", "nannnnnnn", {1: "a", 3: "a"}, [0]),
        ("annannnnn", "aannnnnnn", {1: "a", 3: "a"}, []),
        ("nnnannnnn", "nannnnnnn", {1: "n", 3: "n"}, []),
        ("nnnannnnn", "nannnnnnn", {}, []),
    ],
    ids=["swayed to its label", "swayed to the other label", "one reading swayed", "none alone"],
)
def test_lines_of_swayed_requests_are_suspects(
    first: str, second: str, alone: dict[int, str], suspects: list[int]
) -> None:
    readings = [read(first, ROWS), read(second, COLUMNS)]
    judged = [line for n, label in alone.items() for line in read(label * 9, []).judged[n : n + 1]]
    assert [line["log_id"] for line in swayed_alike(readings, judged)] == suspects


def test_lines_of_an_overruled_template_are_suspects() -> None:
    readings = [read("nnnnnnnnn", ROWS), read("nannnnnnn", COLUMNS)]
    alone = [{**readings[1].judged[1], "template_id": "t8"}]
    assert [line["log_id"] for line in swayed_alike(readings, alone)] == [8]


@pytest.mark.parametrize("count", [0, 1, 16, 31, 50])
def test_no_round_is_small(count: int) -> None:
    rounds = in_rounds([{"log_id": n} for n in range(count)])
    assert [line["log_id"] for part in rounds for line in part] == list(range(count))
    assert all(len(part) >= min(count, 16) for part in rounds)


@pytest.mark.parametrize("sizes", [[1], [3], [4, 4, 1], [5] * 30, [50] * 12, [7, 7, 7, 7, 7, 7, 2]])
def test_no_two_lines_stand_together_twice(sizes: list[int]) -> None:
    numbers = iter(range(10_000))
    facts = {"service_name": "app", "severity_text": None, "before": ["worker started"]}
    batches = [
        [{**facts, "log_id": n, "body": f"line {n}"} for n in islice(numbers, size)]
        for size in sizes
    ]
    pairs = [
        {frozenset(pair) for batch in reading for pair in combinations(_ids(batch), 2)}
        for reading in (batches, apart(batches))
    ]
    assert pairs[0] & pairs[1] == set()
    assert sorted(n for batch in apart(batches) for n in _ids(batch)) == list(range(sum(sizes)))
    assert len(apart(batches)) <= max(sizes)


def _ids(batch: list[dict]) -> list[int]:
    return [line["log_id"] for line in batch]


def test_a_line_that_nothing_stood_beside_is_read_once() -> None:
    line = {"service_name": "app", "severity_text": None, "log_id": 1, "body": "worker started"}
    assert apart([[line]]) == []


def test_a_model_that_wavers_is_not_asked_about_each_line_alone(empty: Warehouse) -> None:
    class Wavering(Obedient):
        def send(self, request: Request, on_send: Callable[[], None]) -> Reply:
            is_second = "different places" in request.messages[1]["content"]
            self.sways = all_but_known if is_second else (lambda rows, at: set())
            self.orders = {rows_of({"messages": request.messages})[0]["message"]}
            return super().send(request, on_send)

    client = Wavering("", beside)
    model = LanguageModel("gpt-4o", Ledger(empty), Redactor(), client=client)  # type: ignore[arg-type]
    facts = {"service_name": "app", "severity_text": None, "template_id": "t", "event_id": 1}
    lines = [
        {**facts, "log_id": n, "body": f"heartbeat of node {n} is overdue"} for n in range(100)
    ]
    judge = Judge(model)
    judged = judge.judge_all(lines)
    assert (judge.changed, len(judged), judge.undecided) == (100, 50, 50)
    assert len({line["log_id"] for line in judge.doubts}) == 100
    assert any("100 lines were judged otherwise at a second reading" in n for n in model.notices)
