"""Groupings of more templates than fit into a window are merged in a tree."""

from __future__ import annotations

import json

import pytest
from llm_server import LanguageServer, group, rows_of

from fame_sql.domains.certification.certification import certify
from fame_sql.domains.grouping import TemplateSummary
from fame_sql.domains.proposals.by_llm import LLMGrouper
from fame_sql.llm.client import Client
from fame_sql.llm.ledger import Ledger
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.prices import estimate_tokens
from fame_sql.llm.redaction import Redactor
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = [pytest.mark.any_duckdb, pytest.mark.slow]

WINDOW = 3000


def template(number: int) -> TemplateSummary:
    text = f"unit <*> of rack reports state {number} after its controller was asked for it again"
    service = f"service-{number % 9}"
    return TemplateSummary(f"{number:016x}", text, "mixed", service, 2, 9, 4, 4, (text, text))


def test_every_request_fits_the_window(empty: Warehouse, server: LanguageServer) -> None:
    client = Client(server.base_url, "key")
    model = LanguageModel("gpt-4o", Ledger(empty), Redactor(), client=client, window=WINDOW)
    grouper = LLMGrouper(model, stability=False)
    templates = [template(number) for number in range(300)]
    planned = len(grouper.preview(templates)) + len(grouper.merges(templates).sizes)
    proposal = grouper(templates)
    merges = [body for body in server.requests if any(r["id"] == "d1" for r in rows_of(body))]
    assert len(merges) > 1
    assert len(server.requests) <= planned
    for body in server.requests:
        sent = estimate_tokens(json.dumps(body["messages"]))
        assert sent + estimate_tokens(json.dumps(group(rows_of(body)))) <= WINDOW
    named = [i for domain in proposal.domains for i in domain.template_ids]
    assert sorted(named) == sorted(t.template_id for t in templates)
    assert len(proposal.domains) == 9


def test_a_model_that_groups_nothing_needs_no_more_merges_than_planned(
    empty: Warehouse, server: LanguageServer
) -> None:
    """Each row as a domain of its own: asked once more, and then cut to what is allowed."""

    def scattered(body: dict) -> str:
        rows = rows_of(body)
        return json.dumps(
            {
                "domains": [
                    {"name": f"d {r['id']}", "description": "", "members": [r["id"]]} for r in rows
                ]
            }
        )

    server.answer = scattered
    client = Client(server.base_url, "key")
    model = LanguageModel("gpt-4o", Ledger(empty), Redactor(), client=client, window=8000)
    grouper = LLMGrouper(model, stability=False)
    templates = [template(number) for number in range(200)]
    planned = len(grouper.preview(templates)) + len(grouper.merges(templates).sizes)
    proposal = grouper(templates)
    asked_again = [body for body in server.requests if len(body["messages"]) > 2]
    assert len(server.requests) - len(asked_again) <= planned
    assert len(certify(proposal, templates).domains) <= 16
    named = [i for domain in proposal.domains for i in domain.template_ids]
    assert sorted(named) == sorted(t.template_id for t in templates)
    assert any("domains in one answer" in finding.detail for finding in proposal.findings)
