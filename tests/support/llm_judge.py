"""A language model that labels two rows, for tests of the client and of the ledger."""

from __future__ import annotations

from llm_server import LanguageServer

from fame_sql.llm.answers import LabelAnswer
from fame_sql.llm.client import Client
from fame_sql.llm.ledger import Ledger
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.prompts import LABEL
from fame_sql.llm.redaction import Redactor
from fame_sql.llm.rows import covers
from fame_sql.warehouse.warehouse import Warehouse

ROWS = [{"id": "l1", "message": "disk failed"}, {"id": "l2", "message": "disk mounted"}]


def model_of(
    warehouse: Warehouse, server: LanguageServer, timeout: float = 60.0, **more: object
) -> LanguageModel:
    client = Client(server.base_url, "key", timeout=timeout)
    return LanguageModel("gpt-4o", Ledger(warehouse), Redactor(), client=client, **more)


def judge(model: LanguageModel, rows: list[dict[str, str]] = ROWS) -> dict[str, str]:
    request = model.request("label", LABEL, rows, LabelAnswer, 90)

    def check(answer: LabelAnswer) -> list[str]:
        return covers((j.id for j in answer.judgements), [row["id"] for row in rows])

    return {j.id: j.label for j in model.ask(request, LabelAnswer, check).judgements}
