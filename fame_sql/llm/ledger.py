"""The ledger: every request and its answer, so that nothing is paid for twice.

A request is committed before it is sent, and its answer when it arrives. If the process is killed
in between, only the request without an answer is sent again.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.files import read_text, write_text
from fame_sql.llm.exchange import EXPORTED, as_line, read_line
from fame_sql.llm.request import Request
from fame_sql.redaction.masks import mask_version
from fame_sql.warehouse.warehouse import Warehouse, utc_now


@dataclass(frozen=True)
class Reply:
    """The reply of an endpoint.

    Parameters
    ----------
    content : str
        The text of the answer.
    tokens_in, tokens_out : int
        Number of tokens according to the endpoint.
    resolved_model : str or None
        The model that answered, according to the endpoint.
    finish_reason : str or None
        ``"stop"``, or why the answer ended early.
    tokens_estimated : bool
        Whether the numbers of tokens are estimates, because the endpoint did not report them.
    seconds : float
        Duration of the request.
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
    """The calls to language models that a warehouse has recorded.

    Parameters
    ----------
    warehouse : Warehouse
        It must not be in a transaction during a call, because each step is committed separately.
    """

    warehouse: Warehouse

    def find(self, request_hash: str) -> str | None:
        """Return the recorded answer to a request, or None."""
        found = self.find_reply(request_hash)
        return None if found is None else found.content

    def find_reply(self, request_hash: str) -> Reply | None:
        """Return the recorded reply to a request, or None."""
        rows = self.warehouse.rows(
            "SELECT response, tokens_in, tokens_out, resolved_model, finish_reason "
            "FROM fame.llm_calls WHERE request_hash = ? AND response IS NOT NULL",
            [request_hash],
        )
        if not rows:
            return None
        response, *facts = rows[0]
        return Reply(str(json.loads(response)["content"]), *facts)

    def other_versions(self, model: str, stages: Collection[str], version: str) -> dict[str, int]:
        """Return the answers to other versions of the prompts, by version.

        Parameters
        ----------
        model : str
            The model that was asked.
        stages : collection of str
            The stages.
        version : str
            The present version.
        """
        facts = {"model": model, "stages": list(stages), "version": version}
        return dict(self.warehouse.rows(sql.load("llm/other_versions"), facts))

    def find_request(self, request_hash: str) -> Request | None:
        """Return a recorded request, or None."""
        rows = self.warehouse.rows(
            "SELECT stage, request FROM fame.llm_calls WHERE request_hash = ?", [request_hash]
        )
        if not rows:
            return None
        stage, text = rows[0]
        found = json.loads(text)
        messages = tuple(found["messages"])
        return Request(stage, found["model"], messages, found["schema"], found["parameters"])

    def batch_of(self, request_hash: str) -> str | None:
        """Return the batch file in which a request waits for its answer, or None."""
        found: str | None = self.warehouse.value(
            "SELECT batch_file FROM fame.llm_calls WHERE request_hash = ? AND response IS NULL",
            [request_hash],
        )
        return found

    def mark_batch(self, request_hash: str, batch_file: str) -> None:
        """Record the batch file that a request is written to."""
        self.warehouse.connection.execute(
            "UPDATE fame.llm_calls SET batch_file = ? WHERE request_hash = ?",
            [batch_file, request_hash],
        )

    def unmark_batch(self, hashes: Collection[str]) -> None:
        """Record that requests no longer wait in a batch file, and that nothing of them is lost."""
        facts = {"hashes": list(hashes)}
        self.warehouse.connection.execute(sql.load("llm/unmark_batch"), facts)

    def forget_batch(self, batch_file: str) -> int:
        """Delete the requests that wait in a batch file, so that they are asked again.

        Returns
        -------
        int
            The number of deleted calls.

        Raises
        ------
        InputError
            If none waits in a file of that name.
        """
        gone = int(self.warehouse.value(sql.load("llm/forget_batch"), {"batch_file": batch_file}))
        if not gone:
            raise InputError(f"no request waits in a batch file {batch_file}")
        return gone

    def other_masks(
        self, model: str, version: str, stages: Collection[str], hashes: Collection[str]
    ) -> int:
        """Return the number of answers to texts that other masks have redacted.

        Parameters
        ----------
        model : str
            The model's name.
        version : str
            The version of the prompts; answers to others do not count.
        stages : collection of str
            The stages.
        hashes : collection of str
            The requests of now, whose answers do not count.
        """
        facts = {
            "model": model,
            "version": version,
            "masks": mask_version(),
            "stages": list(stages),
            "hashes": list(hashes),
        }
        return int(self.warehouse.rows(sql.load("llm/other_masks"), facts)[0][0])

    def begin(self, request: Request, prompt_version: str) -> None:
        """Record a request before it is sent."""
        facts = {
            "request_hash": request.request_hash,
            "stage": request.stage,
            "prompt_version": prompt_version,
            "mask_version": mask_version(),
            "model": request.model,
            "request": json.dumps(request.canonical(), sort_keys=True),
            "redactions": json.dumps(request.redactions, sort_keys=True),
            "created_at": utc_now(),
        }
        self.warehouse.connection.execute(sql.load("llm/begin"), facts)

    def count_send(self, request_hash: str, at_risk: float = 0.0) -> None:
        """Record that the request is being sent; it may be billed even if it fails.

        Parameters
        ----------
        request_hash : str
            The request.
        at_risk : float
            What the answer can cost at most in USD; counted as lost until it is settled.
        """
        facts = {"hash": request_hash, "at_risk": at_risk}
        self.warehouse.connection.execute(sql.load("llm/count_send"), facts)

    def settle_send(self, request_hash: str, at_risk: float) -> None:
        """Record that a send was answered or refused, so that nothing of it is lost."""
        facts = {"hash": request_hash, "at_risk": at_risk}
        self.warehouse.connection.execute(sql.load("llm/settle_send"), facts)

    def answer(self, request_hash: str, reply: Reply, cost: float | None) -> None:
        """Record an answer, even if it cannot be used, because it was paid for."""
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
        """Record why a request has no answer; it may be sent again."""
        self.warehouse.connection.execute(
            "UPDATE fame.llm_calls SET error = ? WHERE request_hash = ?", [error, request_hash]
        )

    def forget(self, request_hash: str) -> int:
        """Delete calls by a prefix of their hash, so that they are sent again.

        Returns
        -------
        int
            The number of deleted calls.

        Raises
        ------
        InputError
            If there is no such call, or the prefix is too short.
        """
        wanted = request_hash.removeprefix("sha256-")
        if len(wanted) < 6:
            raise InputError(
                f"{request_hash!r} is too short for a call: give at least 6 digits of its hash"
            )
        gone = int(
            self.warehouse.value(
                "DELETE FROM fame.llm_calls WHERE starts_with(request_hash, ?)",
                [f"sha256-{wanted}"],
            )
        )
        if not gone:
            raise InputError(f"the ledger has no call {request_hash}: 'fame llm bill' lists them")
        return gone

    def export(self, path: Path, *, force: bool = False) -> int:
        """Write the answered calls as sorted JSON lines, so that the file can be committed.

        Raises
        ------
        InputError
            If the file exists and is not to be replaced, or cannot be written.
        """
        columns = ", ".join(EXPORTED)
        rows = self.warehouse.records(
            f"SELECT {columns} FROM fame.llm_calls WHERE response IS NOT NULL ORDER BY ALL"
        )
        write_text(path, "".join(f"{as_line(row)}\n" for row in rows), force=force)
        return len(rows)

    def import_calls(self, path: Path) -> int:
        """Import answered calls from JSON lines; known calls are left unchanged.

        Returns
        -------
        int
            The number of new calls.

        Raises
        ------
        InputError
            If the file has no line, or a line is not a call, holds a value that no call has, or its
            hash is not that of its request. Nothing is imported then.
        """
        lines = read_text(path).split("\n")
        calls = [read_line(path, n, line) for n, line in enumerate(lines, 1) if line.strip()]
        if not calls:
            raise InputError(f"{path} is empty: name a file that 'fame llm export' has written")
        imported = 0
        with self.warehouse.transaction():
            for call in calls:
                imported += int(self.warehouse.value(sql.load("llm/import"), call))
        return imported

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
