"""The ledger: every request and answer, so that nothing is paid for twice.

A call is committed before it is sent and again when its answer is there. After a kill there is
either the answer, or a request without one, which alone is sent again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.llm.request import Request, hash_of
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_EXPORTED = (
    "request_hash",
    "stage",
    "prompt_version",
    "model",
    "request",
    "response",
    "tokens_in",
    "tokens_out",
    "cost_usd",
    "resolved_model",
    "finish_reason",
    "tokens_estimated",
    "answered_at",
)


@dataclass(frozen=True)
class Reply:
    """What an endpoint answered.

    Parameters
    ----------
    content : str
        The text of the answer.
    tokens_in, tokens_out : int
        Tokens, as the endpoint counted them.
    resolved_model : str or None
        What the endpoint says answered.
    finish_reason : str or None
        ``"stop"``, or why the answer ends early.
    tokens_estimated : bool
        Whether the endpoint did not count, so that the tokens are estimates.
    seconds : float
        How long it took.
    """

    content: str
    tokens_in: int
    tokens_out: int
    resolved_model: str | None = None
    finish_reason: str | None = None
    tokens_estimated: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class Ledger:
    """The calls that a warehouse remembers.

    Parameters
    ----------
    warehouse : Warehouse
        Not within a transaction while a call is made: each step is committed on its own.
    """

    warehouse: Warehouse

    def find(self, request_hash: str) -> str | None:
        """Return the recorded answer to a request, or None."""
        response = self.warehouse.value(
            "SELECT response FROM fame.llm_calls WHERE request_hash = ?", [request_hash]
        )
        return None if response is None else str(json.loads(response)["content"])

    def begin(self, request: Request, prompt_version: str) -> None:
        """Commit that a request is about to be sent."""
        facts = {
            "request_hash": request.request_hash,
            "stage": request.stage,
            "prompt_version": prompt_version,
            "model": request.model,
            "request": json.dumps(request.canonical(), sort_keys=True),
            "redactions": json.dumps(request.redactions, sort_keys=True),
            "created_at": utc_now(),
        }
        self.warehouse.connection.execute(sql.load("llm/begin"), facts)

    def count_send(self, request_hash: str) -> None:
        """Commit that the request leaves now; whatever comes of it, it may be billed."""
        self.warehouse.connection.execute(sql.load("llm/count_send"), {"hash": request_hash})

    def answer(self, request_hash: str, reply: Reply, cost: float | None) -> None:
        """Commit an answer, whatever it is worth: it was paid for."""
        facts = {
            "hash": request_hash,
            "response": json.dumps({"content": reply.content}),
            "tokens_in": reply.tokens_in,
            "tokens_out": reply.tokens_out,
            "tokens_estimated": reply.tokens_estimated,
            "cost_usd": cost,
            "resolved_model": reply.resolved_model,
            "finish_reason": reply.finish_reason,
            "seconds": reply.seconds,
            "answered_at": utc_now(),
        }
        self.warehouse.connection.execute(sql.load("llm/answer"), facts)

    def fail(self, request_hash: str, error: str) -> None:
        """Commit why a request has no answer; it may be sent again."""
        self.warehouse.connection.execute(
            "UPDATE fame.llm_calls SET error = ? WHERE request_hash = ?", [error, request_hash]
        )

    def forget(self, request_hash: str) -> int:
        """Delete calls whose hash begins so, to have them asked again; return how many.

        Raises
        ------
        InputError
            If none does, or the beginning is too short to name one.
        """
        wanted = request_hash.removeprefix("sha256-")
        if len(wanted) < 6:
            raise InputError(f"{request_hash!r} names no call; give 6 digits of the hash or more")
        gone = self.warehouse.rows(
            "DELETE FROM fame.llm_calls WHERE starts_with(request_hash, ?) RETURNING 1",
            [f"sha256-{wanted}"],
        )
        if not gone:
            raise InputError(f"the ledger has no call {request_hash}: 'fame llm bill' lists them")
        return len(gone)

    def export(self, path: Path) -> int:
        """Write the answered calls as JSON lines, sorted, so that the file can be committed."""
        columns = ", ".join(_EXPORTED)
        rows = self.warehouse.records(
            f"SELECT {columns} FROM fame.llm_calls WHERE response IS NOT NULL ORDER BY ALL"
        )
        lines = [json.dumps(_as_json(row), sort_keys=True, ensure_ascii=False) for row in rows]
        try:
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}") from None
        return len(lines)

    def import_calls(self, path: Path) -> int:
        """Take answered calls from JSON lines; those that are known stay as they are.

        Returns
        -------
        int
            How many are new.

        Raises
        ------
        InputError
            If a line is not a call, or its hash is not that of its request; nothing is taken.
        """
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read: {error}") from None
        calls = [_parse(path, n, line) for n, line in enumerate(lines, 1) if line.strip()]
        taken = 0
        with self.warehouse.transaction():
            for call in calls:
                taken += len(self.warehouse.rows(sql.load("llm/import"), call))
        return taken

    def bill(self) -> list[dict[str, Any]]:
        """Return calls, tokens and cost by stage and model."""
        return self.warehouse.records(sql.load("llm/bill"))

    def costs(self) -> dict[str, float]:
        """Return the cost of every priced call by its hash."""
        return dict(
            self.warehouse.rows(
                "SELECT request_hash, cost_usd FROM fame.llm_calls WHERE cost_usd IS NOT NULL"
            )
        )


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    parsed = {name: json.loads(row[name]) for name in ("request", "response")}
    return {**row, **parsed, "answered_at": row["answered_at"].isoformat()}


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        call = json.loads(line)
        row = {name: call[name] for name in _EXPORTED}
        content = call["response"]["content"]
        same = hash_of(call["request"]) == call["request_hash"]
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}, line {number}, is no call of a ledger; 'fame llm export FILE' writes them"
        ) from None
    if not same or not isinstance(content, str):
        raise InputError(
            f"{path}, line {number}: the hash is not that of the request; export the ledger anew"
        )
    row["request"] = json.dumps(call["request"], sort_keys=True)
    row["response"] = json.dumps({"content": content})
    return row
