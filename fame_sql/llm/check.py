"""A trial question, to check that an endpoint and a model work."""

from __future__ import annotations

from typing import Any

from fame_sql import sql
from fame_sql.llm.answers import CheckAnswer
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.prompts import CHECK
from fame_sql.llm.request import Request

_EXPECTED_TOKENS = 10


def check_request(model: LanguageModel) -> Request:
    """Return the trial request, without sending it."""
    return model.request("check", CHECK, [], CheckAnswer, _EXPECTED_TOKENS)


def check(model: LanguageModel) -> dict[str, Any]:
    """Ask the trial question.

    Parameters
    ----------
    model : LanguageModel
        The model; its ledger takes the answer.

    Returns
    -------
    dict
        ``answers``, the form in which the endpoint answers, and what the ledger knows of the call.

    Raises
    ------
    LanguageModelError
        If there is no valid answer.
    """
    model.ask(check_request(model), CheckAnswer)
    facts = model.ledger.warehouse.records(sql.load("llm/last_call"))[0]
    return {"answers": model.client.mode if model.client else None, **facts}
