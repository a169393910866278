"""Batch files: requests in a file that an endpoint answers within a day, for half the price.

A request is marked in the ledger before it is in the file, and is never written a second time while
its answer is awaited. So nothing is paid for twice, however often a run is killed or repeated.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fame_sql.errors import InputError
from fame_sql.files import check_new, parse_json, read_text, write_text
from fame_sql.llm.client import Client
from fame_sql.llm.completion import reply_of
from fame_sql.llm.failures import BatchPendingError, BudgetError
from fame_sql.llm.prices import PriceTable
from fame_sql.llm.request import Request

if TYPE_CHECKING:
    from fame_sql.llm.ledger import Ledger

SHARE_OF_PRICE = 0.5
_URL = "/v1/chat/completions"
_MOST = 50_000


@dataclass
class BatchFile:
    """The requests of one run that go into a file instead of to an endpoint.

    Parameters
    ----------
    path : Path
        The new file.
    ledger : Ledger
        Marks what was written.
    """

    path: Path
    ledger: Ledger
    _requests: dict[str, Request] = field(default_factory=dict)
    _waiting: dict[str, str] = field(default_factory=dict)

    def add(self, request: Request) -> None:
        """Take a request without an answer, unless it waits for one already."""
        earlier = self.ledger.batch_of(request.request_hash)
        if earlier is None:
            if not self._requests:
                check_new(self.path)
            self._requests[request.request_hash] = request
        else:
            self._waiting[request.request_hash] = earlier

    @property
    def pending(self) -> BatchPendingError:
        """The exception that says what is waited for."""
        where = sorted({*self._waiting.values(), *([str(self.path)] if self._requests else [])})
        number = len(self._requests) + len(self._waiting)
        waits = "1 request waits" if number == 1 else f"{number} requests wait"
        return BatchPendingError(
            f"{waits} for answers "
            f"({', '.join(where)}): have the file answered, read the answers with 'fame llm "
            "answers FILE', and run the same command again"
        )

    def write(self, prompt_version: str, prices: PriceTable, max_cost: float | None) -> int:
        """Write the file, and return the number of its requests; without any, there is no file.

        Raises
        ------
        BudgetError
            If the requests could cost more than ``max_cost``.
        InputError
            If the file exists or cannot be written, or the requests are too many for one.
        """
        requests = list(self._requests.values())
        if not requests:
            return 0
        if len(requests) > _MOST:
            raise InputError(
                f"{len(requests)} requests are more than a batch file may hold ({_MOST}): use a "
                "larger --window, or a smaller K"
            )
        worst = [_worst(request, prices) for request in requests]
        if max_cost is not None and sum(worst) > max_cost:
            raise BudgetError(
                f"the {len(requests)} requests could cost ${sum(worst):.4f} as a batch, more than "
                f"--max-cost {max_cost:g}: nothing was written"
            )
        text = "".join(f"{json.dumps(_line(request), sort_keys=True)}\n" for request in requests)
        self._mark(requests, worst, prompt_version)
        try:
            write_text(self.path, text)
        except BaseException:
            self.ledger.unmark_batch([request.request_hash for request in requests])
            raise
        self._requests.clear()
        return len(requests)

    def _mark(self, requests: list[Request], worst: list[float], prompt_version: str) -> None:
        with self.ledger.warehouse.transaction():
            for request, at_risk in zip(requests, worst, strict=True):
                self.ledger.begin(request, prompt_version)
                self.ledger.count_send(request.request_hash, at_risk)
                self.ledger.mark_batch(request.request_hash, str(self.path))


def _worst(request: Request, prices: PriceTable) -> float:
    cost = prices.cost(request.model, request.most_tokens, request.max_tokens)
    return SHARE_OF_PRICE * (cost or 0.0)


def _line(request: Request) -> dict[str, Any]:
    """Return a request as a line of the file, with the body that would be sent."""
    body = Client("", "").arguments(request)
    return {"custom_id": request.request_hash, "method": "POST", "url": _URL, "body": body}


@dataclass(frozen=True)
class BatchAnswers:
    """What was read from a file of answers.

    Parameters
    ----------
    answered : int
        New answers.
    known : int
        Answers that the ledger had.
    failed : int
        Requests that the endpoint did not answer; they will be asked again.
    foreign : int
        Lines that belong to no request of this ledger.
    """

    answered: int
    known: int
    failed: int
    foreign: int


def read_answers(ledger: Ledger, path: Path, prices: PriceTable) -> BatchAnswers:
    """Take the answers to a batch file into the ledger, for half the price.

    Answers that the ledger has are left as they are, so that a file can be read again.

    Parameters
    ----------
    ledger : Ledger
        The ledger with the requests.
    path : Path
        The file that the endpoint made of the batch: its answers, or its errors.
    prices : PriceTable
        The prices of tokens.

    Raises
    ------
    InputError
        If the file cannot be read, or a line is not an answer. Nothing is taken then.
    """
    numbered = enumerate(read_text(path).split("\n"), 1)
    lines = [_parsed(path, n, line) for n, line in numbered if line.strip()]
    counts = dict.fromkeys(("answered", "known", "failed", "foreign"), 0)
    with ledger.warehouse.transaction():
        for line in lines:
            counts[_take(ledger, line, prices)] += 1
    return BatchAnswers(**counts)


def _parsed(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        value = parse_json(line)
        if isinstance(value, dict) and isinstance(value.get("custom_id"), str):
            return value
    except ValueError:
        pass
    raise InputError(
        f"{path}, line {number} is not an answer to a batch: give the file of answers that the "
        "endpoint made, one JSON object with 'custom_id' and 'response' a line"
    )


def _take(ledger: Ledger, line: dict[str, Any], prices: PriceTable) -> str:
    request = ledger.find_request(line["custom_id"])
    if request is None:
        return "foreign"
    if ledger.find_reply(line["custom_id"]) is not None:
        return "known"
    response = line.get("response")
    body = response.get("body") if isinstance(response, dict) else None
    status = response.get("status_code", 200) if isinstance(response, dict) else None
    if line.get("error") or status != 200 or not isinstance(body, dict) or "choices" not in body:
        ledger.fail(request.request_hash, f"no answer in the batch (status {status})")
        ledger.unmark_batch([request.request_hash])
        return "failed"
    reply = reply_of(request, body, 0.0)
    cost = prices.cost(request.model, reply.tokens_in, reply.tokens_out)
    ledger.answer(request.request_hash, reply, None if cost is None else SHARE_OF_PRICE * cost)
    ledger.unmark_batch([request.request_hash])
    return "answered"
