"""Requests are found in the ledger by their hash: a changed byte would be paid for again.

The digests were recorded from requests that are in users' ledgers. Where one of these tests fails,
a prompt, a schema, a row or a message about a bad answer has changed.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from llm_server import LanguageServer

from fame_sql.domains.certification.certificate import CertificationRules
from fame_sql.domains.grouping import Domain, Grouping, TemplateSummary
from fame_sql.domains.proposals.by_llm import LLMGrouper
from fame_sql.domains.proposals.placing import LLMPlacer
from fame_sql.ingest import ingest_file
from fame_sql.labels.by_llm import label_with_llm
from fame_sql.llm.answers import CheckAnswer
from fame_sql.llm.ledger import Ledger, Reply
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.prompts import CHECK
from fame_sql.llm.redaction import Redactor
from fame_sql.llm.request import Request
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

DIGESTS = {
    "check": [
        "check 894e0e35464704ec",
    ],
    "label": [
        "label 6b15f31af8277477",
        "label 2de4d599740d6fa2",
        "label ff1f070def8a8d4e",
        "label 8557413407b827dc",
    ],
    "partition ids": [
        "partition 2a6d0efe3a3c0b20",
        "partition 10e20946e53e0cd5",
        "partition dbe09ac98671f3b8",
    ],
    "partition empty": [
        "partition 2a6d0efe3a3c0b20",
        "partition abf133041d926bb2",
        "partition dbe09ac98671f3b8",
    ],
    "partition many": [
        "partition 2a6d0efe3a3c0b20",
        "partition 65df2ebe575a1bce",
        "partition dbe09ac98671f3b8",
    ],
    "partition labels": [
        "partition 767748f2a16ebd36",
        "partition a920ef80a8a3ea11",
        "partition 963827aadf902cba",
    ],
    "merge": [
        "partition 7796b73e2d795ace",
        "partition 1e0b9dd17d8de93c",
        "partition 1de79f71543d46c0",
        "partition 01654176eb34091f",
        "partition 00abd8a64c2760f6",
        "partition ecbf719146f6b718",
        "partition 482ef1f027acc15c",
        "partition aa4660de5199790d",
        "partition d929e43d36fdb63d",
        "partition 362ed0d990c67130",
        "partition 3666d8229af827ad",
        "partition c86faab188e3bbe2",
        "partition 98d475b8b010fc62",
        "partition 9f969b82277a86a7",
        "partition ced86f4fb8fb07e6",
        "partition 140b2a3c8783b5e3",
        "merge 00a05d6f0c41aab3",
        "merge 2711e34c04ea2f4d",
        "merge 26e6f170dae81f24",
        "merge d284b85350f04405",
        "merge 0d40fa842e27daa0",
    ],
    "place": [
        "place b5a15501fa4780b0",
        "place 9e0de4fe9b068141",
    ],
}


@dataclass
class RecordingClient:
    """Answers from a list, then honestly, and keeps the hash of each request."""

    answers: deque[str]
    hashes: list[str] = field(default_factory=list)

    def send(self, request: Request, on_send: Callable[[], None]) -> Reply:
        on_send()
        self.hashes.append(f"{request.stage} {request.request_hash.removeprefix('sha256-')[:16]}")
        if self.answers:
            return Reply(self.answers.popleft(), 10, 10)
        honest = LanguageServer().honest({"messages": list(request.messages)})
        return Reply(json.dumps(honest), 10, 10)


def model_of(warehouse: Warehouse, *answers: object, window: int = 16_384) -> LanguageModel:
    client = RecordingClient(deque(map(json.dumps, answers)))
    return LanguageModel(
        "gpt-4o",
        Ledger(warehouse),
        Redactor(frozenset({"host7"})),
        client=client,  # type: ignore[arg-type]
        context="The disks of host7",
        window=window,
        parameters={"seed": 1},
    )


def template(number: int, normal: int = 4, anomalous: int = 4) -> TemplateSummary:
    text = f"disk {number} of host7 reports state <*>"
    return TemplateSummary(
        f"{number:016x}", text, "mixed", "disk", 2, 9, normal, anomalous, (text, "other")
    )


def domain(name: str, *members: str) -> dict[str, object]:
    return {"name": name, "description": f"About {name}.", "members": list(members)}


def hashes(model: LanguageModel) -> list[str]:
    assert isinstance(model.client, RecordingClient)
    return model.client.hashes


def test_the_trial_request(empty: Warehouse) -> None:
    model = model_of(empty, {"answer": "ready"})
    model.ask(model.request("check", CHECK, [], CheckAnswer, 10), CheckAnswer)
    assert hashes(model) == DIGESTS["check"]


def test_label_requests(empty: Warehouse, tmp_path: Path) -> None:
    log = tmp_path / "small.log"
    log.write_text("".join(f"2024-05-01 10:00:0{n} ERROR disk {n} failed\n" for n in range(3)))
    ingest_file(empty, log)
    mine(empty)
    wrong = {"judgements": [{"id": "l9", "label": "normal", "reason": "seen"}]}
    model = model_of(empty, wrong, wrong)
    label_with_llm(empty, model, per_template=2, per_event=2, readings=1)
    assert hashes(model) == DIGESTS["label"]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ids", {"domains": [domain("disk", "t1", "t1", "t9")]}),
        ("empty", {"domains": [domain("disk", "t1", "t2", "t3"), domain("net")]}),
        ("many", {"domains": [domain(f"d{n}", f"t{n}") for n in (1, 2, 3)]}),
    ],
)
def test_partition_requests(empty: Warehouse, name: str, answer: object) -> None:
    good = {"domains": [domain("disk", "t1", "t2"), domain("net", "t3")]}
    model = model_of(empty, answer, good, good, good)
    rules = CertificationRules(max_domains=2)
    LLMGrouper(model, rules)([template(n) for n in (1, 2, 3)])
    assert hashes(model) == DIGESTS[f"partition {name}"]


def test_partition_requests_with_few_labels(empty: Warehouse) -> None:
    bad = {"domains": [domain("disk", "t1"), domain("net", "t2", "t3")]}
    model = model_of(empty, bad, bad, bad, bad)
    LLMGrouper(model)([template(1, 4, 1), template(2), template(3)])
    assert hashes(model) == DIGESTS["partition labels"]


def test_merge_requests(empty: Warehouse) -> None:
    answer = {"domains": [domain("disk", "t1", "d1")]}
    model = model_of(empty, *[answer] * 20, window=1_900)
    LLMGrouper(model, stability=False)([template(n) for n in range(24)])
    assert [h for h in hashes(model) if h.startswith("merge")]
    assert hashes(model) == DIGESTS["merge"]


def test_place_requests(empty: Warehouse) -> None:
    current = Grouping((Domain("disk", "Disks.", (template(1).template_id,)),), "test")
    bad = {"placements": [{"id": "t1", "domain": "nowhere"}], "new_domains": []}
    good = {"placements": [{"id": "t1", "domain": "disk"}], "new_domains": []}
    model = model_of(empty, bad, good)
    LLMPlacer(model)(current, [template(2)])
    assert hashes(model) == DIGESTS["place"]
