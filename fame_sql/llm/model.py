"""A language model as the stages use it: ledger, redaction, checks and budget in one place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fame_sql.llm.answers import Shape, parse, schema_of
from fame_sql.llm.failures import AnswerError, BudgetError, LanguageModelError
from fame_sql.llm.ledger import Ledger
from fame_sql.llm.prices import PriceTable, read_prices
from fame_sql.llm.prompts import PROMPT_VERSION, Row, messages, repair, row_tokens
from fame_sql.llm.redaction import Redactor
from fame_sql.llm.request import Request

if TYPE_CHECKING:
    from fame_sql.llm.client import Client

Check = Callable[[Any], list[str]]
"""Returns what is wrong with an answer of the right schema, in words for the model."""

WINDOW = 16_384
_SHOWN = 160


@dataclass
class LanguageModel:
    """Answers requests from the ledger, and sends only those that are not in the ledger.

    Parameters
    ----------
    name : str
        The model's name at its endpoint.
    ledger : Ledger
        The earlier requests and answers.
    redactor : Redactor
        Masks all text that is sent.
    client : Client, optional
        Sends requests; without it only the ledger answers.
    prices : PriceTable
        The prices of tokens.
    max_cost : float, optional
        The budget of this run in USD.
    context : str
        The user's description of the system.
    window : int
        Maximum number of tokens of a request and its answer together.
    parameters : dict
        Temperature and seed, if the user set them.
    """

    name: str
    ledger: Ledger
    redactor: Redactor
    client: Client | None = None
    prices: PriceTable = field(default_factory=read_prices)
    max_cost: float | None = None
    context: str = ""
    window: int = WINDOW
    parameters: dict[str, Any] = field(default_factory=dict)
    spent: float = 0.0
    sent: int = 0
    replayed: int = 0
    _answer_factor: float = 1.0

    def request(
        self, stage: str, task: str, rows: Sequence[Row], shape: type[Shape], expected: int
    ) -> Request:
        """Return the request that :meth:`ask` would send, redacted.

        Parameters
        ----------
        stage : str
            The stage, for the bill.
        task : str
            The task to do with the rows.
        rows : sequence of mappings
            The data.
        shape : type
            The schema of the answer.
        expected : int
            Estimated number of tokens of the answer.
        """
        before = self.redactor.counts.copy()
        schema = schema_of(shape)
        sent = messages(task, rows, schema=schema, context=self.context, redactor=self.redactor)
        counts = {k: n for k, n in (self.redactor.counts - before).items() if n}
        return Request(stage, self.name, sent, schema, self.parameters, expected, counts)

    def ask(
        self,
        request: Request,
        shape: type[Shape],
        check: Check | None = None,
        *,
        on_repair: Callable[[list[str]], None] | None = None,
    ) -> Shape:
        """Return a checked answer, from the ledger if it has one.

        An answer that cannot be used is sent back once, with a list of its faults.

        Parameters
        ----------
        request : Request
            A request from :meth:`request`.
        shape : type
            The schema of the answer.
        check : callable, optional
            Returns further faults of an answer with that schema.
        on_repair : callable, optional
            For callers that repair an answer by rule: called with the faults when an answer is
            sent back. The second answer is then returned even if ``check`` finds faults in it.

        Raises
        ------
        AnswerError
            If the second answer cannot be used either.
        BudgetError
            If the request could exceed ``max_cost``.
        LanguageModelError
            If there is no endpoint, or it fails.
        """
        content = self._content(request)
        answer, wrong = _read(shape, content, check)
        if answer is not None and not wrong:
            return answer
        sent = repair(request.messages, content, wrong, self.redactor)
        again = Request(
            request.stage, self.name, sent, request.schema, self.parameters, request.expected
        )
        if on_repair is not None:
            on_repair(wrong)
        answer, wrong = _read(shape, self._content(again), check)
        if answer is not None and (on_repair is not None or not wrong):
            return answer
        raise AnswerError(
            f"{self.name} gave two answers that cannot be used ({request.stage}: "
            f"{'; '.join(wrong)[:_SHOWN]}): run 'fame llm forget {request.request_hash[:15]}' to "
            "ask again, or choose another --llm-model"
        )

    def cost(self, request: Request) -> float | None:
        """Return the estimated cost of a request; None for a model without a price."""
        expected = round(request.expected * self._answer_factor)
        return self.prices.cost(self.name, request.tokens, expected)

    def is_known(self, request: Request) -> bool:
        """Return whether the ledger has the answer."""
        return self.ledger.find(request.request_hash) is not None

    def _content(self, request: Request) -> str:
        known = self.ledger.find(request.request_hash)
        if known is not None:
            self.replayed += 1
            return known
        return self._send(request)

    def _send(self, request: Request) -> str:
        if self.client is None:
            raise LanguageModelError(
                f"the ledger has no answer of {self.name} to this request ({request.stage}): give "
                "an endpoint with --llm BASE_URL, or run 'fame llm import FILE'"
            )
        self._check_budget(request)
        identity = request.request_hash
        self.ledger.begin(request, PROMPT_VERSION)
        try:
            reply = self.client.send(request, lambda: self.ledger.count_send(identity))
        except LanguageModelError as error:
            self.ledger.fail(identity, str(error))
            raise
        cost = self.prices.cost(self.name, reply.tokens_in, reply.tokens_out)
        self.ledger.answer(identity, reply, cost)
        self.sent += 1
        self.spent += cost or 0.0
        ratio = reply.tokens_out / max(request.expected, 1)
        self._answer_factor = max(self._answer_factor, ratio)
        return reply.content

    def _check_budget(self, request: Request) -> None:
        if self.max_cost is None:
            return
        cost = self.cost(request)
        if cost is None:
            raise BudgetError(
                f"{self.name} has no price, so --max-cost cannot be enforced: give its prices "
                "with --prices FILE, or leave --max-cost out"
            )
        if self.spent + cost > self.max_cost:
            raise BudgetError(
                f"the next request ({request.stage}, about ${cost:.4f}) would exceed --max-cost "
                f"{self.max_cost:g} after ${self.spent:.4f}; the answers so far are kept: run the "
                "same command with a higher --max-cost to continue"
            )


def _read(shape: type[Shape], content: str, check: Check | None) -> tuple[Shape | None, list[str]]:
    """Return the answer, or None, and a list of its faults."""
    try:
        answer = parse(shape, content)
    except ValueError as error:
        return None, [str(error)]
    except RecursionError:
        return None, ["the answer is nested too deeply"]
    return answer, (check(answer) if check else [])


def covers(
    named: Iterable[str], wanted: Sequence[str], what: str = "row", shown: int = 10
) -> list[str]:
    """Return the faults of a list of ids that should name each wanted one exactly once.

    They are sent to the model, so their wording is part of a request's hash.
    """
    given, known = Counter(named), set(wanted)
    wrong = {
        f"these ids name no {what}": [i for i in given if i not in known],
        f"these {what}s are missing": [i for i in wanted if i not in given],
        f"these {what}s are named more than once": [i for i, n in given.items() if n > 1],
    }
    return [
        f"{problem}: {', '.join(ids[:shown])}{' and more' if len(ids) > shown else ''}"
        for problem, ids in wrong.items()
        if ids
    ]


def in_batches(
    rows: Sequence[Row], window: int, answer_tokens: int, most: int, overhead: int = 1200
) -> list[list[Row]]:
    """Divide rows into batches that fit into a window of tokens together with their answers.

    Parameters
    ----------
    rows : sequence of mappings
        In the order in which they are sent.
    window : int
        Maximum number of tokens of a request and its answer.
    answer_tokens : int
        Estimated number of tokens of the answer per row.
    most : int
        Maximum number of rows in a batch.
    overhead : int
        Tokens of the instructions.
    """
    batches: list[list[Row]] = []
    room = 0
    for row in rows:
        size = row_tokens(row) + answer_tokens
        if not batches or size > room or len(batches[-1]) >= most:
            batches.append([])
            room = window - overhead
        batches[-1].append(row)
        room -= size
    return batches
