"""Sending of requests: ledger, budget, concurrency and batch files in one place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

from fame_sql.llm.budget import Budget
from fame_sql.llm.completion import is_other_model
from fame_sql.llm.failures import LanguageModelError
from fame_sql.llm.ledger import Ledger, Reply
from fame_sql.llm.prices import PriceTable, read_prices
from fame_sql.llm.prompts import PROMPT_VERSION
from fame_sql.llm.request import Request

if TYPE_CHECKING:
    from fame_sql.llm.batch import BatchFile
    from fame_sql.llm.client import Client

_ABOVE_LIMIT = 1.1


@dataclass
class Sender:
    """Sends the requests that the ledger does not answer, within a budget.

    Parameters
    ----------
    name : str
        The model's name at its endpoint.
    ledger : Ledger
        The earlier requests and answers.
    client : Client, optional
        Sends requests; without it only the ledger answers.
    prices : PriceTable
        The prices of tokens.
    max_cost : float, optional
        The budget of this run in USD.
    concurrency : int
        Number of requests under way at once.
    batch : BatchFile, optional
        Takes the requests that the ledger does not answer; then nothing is sent.
    sent, answered, replayed : int
        How often a request was sent in this run, how many of these sends were answered so that
        the answer can be read, and requests answered by the ledger.
    paid : dict
        What this run paid for the answer to a request and its repair, by the request's hash; None
        for a model without a price.
    notices : set of str
        What the user should know of the endpoint or the answers.
    """

    name: str
    ledger: Ledger
    _: KW_ONLY
    client: Client | None = None
    prices: PriceTable = field(default_factory=read_prices)
    max_cost: float | None = None
    concurrency: int = 1
    batch: BatchFile | None = None
    sent: int = 0
    answered: int = 0
    replayed: int = 0
    paid: dict[str, float | None] = field(default_factory=dict)
    notices: set[str] = field(default_factory=set)
    _answer_factor: float = 1.0
    _prepared: set[str] = field(default_factory=set)
    _budget: Budget = field(init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._budget = Budget(self.prices, self.max_cost)

    def cost(self, request: Request) -> float | None:
        """Return the estimated cost of a request; None for a model without a price."""
        expected = round(request.expected * self._answer_factor)
        return self.prices.cost(self.name, request.tokens, expected)

    @property
    def spent(self) -> float:
        """Cost of this run in USD, with what may have been billed without an answer."""
        return self._budget.spent

    @property
    def usage(self) -> str:
        """What this run has sent and paid, in words."""
        priced = self.prices.cost(self.name, 0, 0) is not None
        cost = f"${self.spent:.4f}" if priced else "unpriced"
        unanswered = self.sent - self.answered
        without = f", {unanswered} of them without an answer to use" if unanswered else ""
        requests = "request" if self.sent == 1 else "requests"
        return f"{self.sent} {requests} sent ({cost}{without})"

    def outdated(self, stages: Collection[str]) -> str | None:
        """Return in words how many answers to earlier prompts the ledger has, or None.

        They were answers to other questions, and so are not used.
        """
        found = self.ledger.other_versions(self.name, stages, PROMPT_VERSION)
        if not found:
            return None
        counts = ", ".join(f"{count} of version {version}" for version, count in found.items())
        return (
            f"the prompts have changed (version {PROMPT_VERSION}): answers of {self.name} to "
            f"earlier prompts in the ledger ({counts}) do not fit, so what has no label or domain "
            "yet is asked again and paid for again"
        )

    def masked_otherwise(self, requests: Sequence[Request]) -> str | None:
        """Return in words how many answers earlier masks may have lost to these requests, or None.

        Where the masks now change a text, the request is another one.
        """
        stages = {request.stage for request in requests}
        hashes = [request.request_hash for request in requests]
        found = self.ledger.other_masks(self.name, PROMPT_VERSION, stages, hashes)
        if not found:
            return None
        return (
            f"the masks have changed: {found} answers of {self.name} in the ledger were given to "
            "texts under other masks and do not fit these requests; what has no label or domain "
            "yet is asked again and paid for again"
        )

    def is_known(self, request: Request) -> bool:
        """Return whether the ledger has the answer."""
        return self.ledger.find(request.request_hash) is not None

    @property
    def asks_ahead(self) -> bool:
        """Whether :meth:`prepare` does anything."""
        return self.concurrency > 1 or self.batch is not None

    def _collect(self, requests: Sequence[Request]) -> None:
        """Put requests into the batch file, and stop there if there are any."""
        assert self.batch is not None
        for request in requests:
            self.batch.add(request)
        if requests:
            raise self.batch.pending

    def write_batch(self) -> int:
        """Write the batch file, if there is one, and return how many requests are in it."""
        if self.batch is None:
            return 0
        return self.batch.write(PROMPT_VERSION, self.prices, self.max_cost)

    def prepare(self, requests: Sequence[Request]) -> None:
        """Send requests side by side, so that :meth:`ask` finds their answers in the ledger.

        What is asked afterwards is the same as without, in the same order. So the number of
        requests under way changes nothing in the result.
        """
        if self.batch is not None:
            self._collect([request for request in requests if not self.is_known(request)])
        if not self.asks_ahead or self.client is None:
            return
        new = {r.request_hash: r for r in requests if not self.is_known(r)}
        with ThreadPoolExecutor(self.concurrency) as pool:
            started = [pool.submit(self._send, request) for request in new.values()]
            self._prepared |= new.keys()
            try:
                wait(started, return_when=FIRST_EXCEPTION)
            except BaseException:
                self.client.stop()
                raise
            finally:
                # What is on its way is paid for, and kept. Nothing else is sent.
                for future in started:
                    future.cancel()
        for future in started:
            if not future.cancelled():
                future.result()

    def reply(self, request: Request) -> Reply:
        """Return the reply to a request, from the ledger if it has one."""
        with self._lock:
            known = self.ledger.find_reply(request.request_hash)
        if known is None:
            return self._send(request)
        if request.request_hash in self._prepared:
            self._prepared.discard(request.request_hash)
        else:
            self.replayed += 1
        return known

    def _send(self, request: Request) -> Reply:
        if self.batch is not None:
            self._collect([request])
        client = self._client_for(request)
        identity = request.request_hash
        with self._lock:
            self._budget.max_cost = self.max_cost
            self._budget.prices = self.prices
            expected = round(request.expected * self._answer_factor)
            limited = self._budget.limited(request, expected)
            if not self.sent and (said := self.masked_otherwise([request])) is not None:
                self.notices.add(said)
            self.ledger.begin(request, PROMPT_VERSION)
        try:
            reply = client.send(limited, lambda: self._begin_send(limited))
        except LanguageModelError as error:
            with self._lock:
                self.ledger.fail(identity, str(error))
            raise
        with self._lock:
            self._record(limited, reply)
        return reply

    def _client_for(self, request: Request) -> Client:
        """Return what sends a request, or say why nothing does."""
        with self._lock:
            waiting = self.ledger.batch_of(request.request_hash)
        if waiting is not None:
            raise LanguageModelError(
                f"this request ({request.stage}) waits for an answer in the batch file {waiting}: "
                "read the answers with 'fame llm answers FILE', or run 'fame llm forget --batch "
                f"{waiting}' to send its requests now"
            )
        if self.client is None:
            earlier = self.outdated([request.stage])
            raise LanguageModelError(
                f"the ledger has no answer of {self.name} to this request ({request.stage}): give "
                "an endpoint with --llm BASE_URL, or run 'fame llm import FILE'"
                + (f"; {earlier}: --dry-run says what that costs" if earlier else "")
            )
        return self.client

    def _begin_send(self, request: Request) -> Callable[[], None]:
        """Record a send and what it may cost; return what takes it back."""
        with self._lock:
            at_risk = self._budget.take(request)
            self.ledger.count_send(request.request_hash, at_risk)
            self.sent += 1

        def refused() -> None:
            with self._lock:
                self._settle(request, at_risk)

        return refused

    def _settle(self, request: Request, at_risk: float) -> None:
        self.ledger.settle_send(request.request_hash, at_risk)
        self._budget.spent -= at_risk

    def _record(self, request: Request, reply: Reply) -> None:
        cost = self.prices.cost(self.name, reply.tokens_in, reply.tokens_out)
        self.ledger.answer(request.request_hash, reply, cost)
        self._settle(request, self._budget.worst(request))
        self._budget.spent += cost or 0.0
        self.paid[request.request_hash] = cost
        self.answered += 1
        ratio = reply.tokens_out / max(request.expected, 1)
        self._answer_factor = max(self._answer_factor, ratio)
        if reply.tokens_out > _ABOVE_LIMIT * request.max_tokens > 0:
            self.notices.add(
                f"the endpoint does not keep to max_tokens ({reply.tokens_out} tokens where "
                f"{request.max_tokens} were the limit), so --max-cost cannot bound a price"
            )
        if is_other_model(self.name, reply.resolved_model):
            self.notices.add(
                f"{reply.resolved_model} answered where {self.name} was asked: check the endpoint"
            )
