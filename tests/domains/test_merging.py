"""Groupings of more templates than fit into a window are merged in a tree."""

from __future__ import annotations

import json

import pytest
from llm_server import LanguageServer, group, rows_of

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
    model = LanguageModel("gpt-4o", Ledger(empty), Redactor(), client, window=WINDOW)
    grouper = LLMGrouper(model, stability=False)
    templates = [template(number) for number in range(300)]
    planned = len(grouper.preview(templates)) + grouper.merges_at_most(templates)
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
