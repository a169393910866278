"""Calls of a ledger as lines of JSON, which people commit, send and edit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from fame_sql.errors import InputError
from fame_sql.files import parse_json
from fame_sql.llm.request import hash_of

MOST_TOKENS = 10_000_000
"""More tokens than any request or answer has."""

_MOST_USD = 1_000_000
_LONGEST = 200
_EXPORT = "export the ledger again with 'fame llm export FILE'"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS


def _is_cost(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value <= _MOST_USD  # type: ignore[arg-type, operator]


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and 1970 <= datetime.fromisoformat(value).year <= 9998
    except ValueError:
        return False


def _or_null(check: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or check(value)


_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    "request_hash": (_is_text, "a text"),
    "stage": (_is_text, "a text"),
    "prompt_version": (_is_text, "a text"),
    "model": (_is_text, "a text"),
    "tokens_in": (_or_null(_is_whole), f"a whole number from 0 to {MOST_TOKENS:,}"),
    "tokens_out": (_or_null(_is_whole), f"a whole number from 0 to {MOST_TOKENS:,}"),
    "cost_usd": (_or_null(_is_cost), f"a number from 0 to {_MOST_USD:,}, or null"),
    "resolved_model": (_or_null(_is_text), "a text or null"),
    "finish_reason": (_or_null(_is_text), "a text or null"),
    "tokens_estimated": (_or_null(lambda value: isinstance(value, bool)), "true or false"),
    "answered_at": (_is_moment, "a time such as 2026-01-31T12:00:00"),
}

EXPORTED = (*_CHECKS, "request", "response")
"""The columns of ``fame.llm_calls`` that a file holds."""


def as_line(row: dict[str, Any]) -> str:
    """Return a row of ``fame.llm_calls`` as a line of JSON."""
    parsed = {name: json.loads(row[name]) for name in ("request", "response")}
    call = {**row, **parsed, "answered_at": row["answered_at"].isoformat()}
    return json.dumps(call, sort_keys=True, ensure_ascii=False)


def read_line(path: Path, number: int, line: str) -> dict[str, Any]:
    """Return the row of ``fame.llm_calls`` that a line stands for.

    Parameters
    ----------
    path : Path
        The file, for messages.
    number : int
        The number of the line in it.
    line : str
        What another ledger wrote, or anybody.

    Raises
    ------
    InputError
        If it is not a call, a value in it is none that a ledger can have, or its hash is not that
        of its request.
    """
    try:
        call = parse_json(line)
        row = {name: call[name] for name in EXPORTED}
        request, content = call["request"], call["response"]["content"]
        json.dumps([request, content], ensure_ascii=False).encode()
        same = isinstance(content, str) and hash_of(request) == call["request_hash"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{path}, line {number}, is not a call of a ledger: {_EXPORT}") from None
    for name, (check, allowed) in _CHECKS.items():
        if not check(row[name]):
            raise InputError(
                f"{path}, line {number}: {name} is {str(row[name])[:60]!r} and must be {allowed}: "
                f"{_EXPORT}"
            )
    if not same or not _is_request(request, row["model"]):
        raise InputError(f"{path}, line {number}: the hash is not that of the request: {_EXPORT}")
    row["request"] = json.dumps(request, sort_keys=True)
    row["response"] = json.dumps({"content": content})
    return row


def _is_request(request: object, model: str) -> bool:
    """Return whether an object is what was asked of a model."""
    if not isinstance(request, dict) or request.get("model") != model:
        return False
    messages = request.get("messages")
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        return False
    return all(isinstance(request.get(name), dict) for name in ("schema", "parameters"))
