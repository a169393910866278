"""A language model as the stages see it: asked once, checked, remembered and paid for."""

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
"""Returns what is wrong with an answer of the right shape, in words for the model."""

WINDOW = 16_384
_SHOWN = 160


@dataclass
class LanguageModel:
    """Answers requests from the ledger, and sends only what the ledger does not hold.

    Parameters
    ----------
    name : str
        The model's name at its endpoint.
    ledger : Ledger
        What was asked before.
    redactor : Redactor
        What masks all that leaves.
    client : Client, optional
        Where to send; without it the ledger alone answers.
    prices : PriceTable
        What tokens cost.
    max_cost : float, optional
        What this run may spend, in USD.
    context : str
        What the user wrote about the service.
    window : int
        Tokens that a request and its answer may have together.
    parameters : dict
        Temperature and seed, where the user set them.
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
    _more_than_expected: float = 1.0

    def request(
        self, stage: str, task: str, rows: Sequence[Row], shape: type[Shape], expected: int
    ) -> Request:
        """Return the request that :meth:`ask` would send, redacted.

        Parameters
        ----------
        stage : str
            What it is for, on the bill.
        task : str
            What to do with the rows.
        rows : sequence of mappings
            The data.
        shape : type
            What the answer must be.
        expected : int
            About how many tokens the answer will have.
        """
        before = self.redactor.counts.copy()
        schema = schema_of(shape)
        said = messages(task, rows, schema=schema, context=self.context, redactor=self.redactor)
        counts = {k: n for k, n in (self.redactor.counts - before).items() if n}
        return Request(stage, self.name, said, schema, self.parameters, expected, counts)

    def ask(
        self,
        request: Request,
        shape: type[Shape],
        check: Check | None = None,
        *,
        on_repair: Callable[[list[str]], None] | None = None,
    ) -> Shape:
        """Return a checked answer, from the ledger where it is there.

        An answer that cannot be used is sent back once, with what is wrong with it.

        Parameters
        ----------
        request : Request
            What to ask, from :meth:`request`.
        shape : type
            What the answer must be.
        check : callable, optional
            Says what else is wrong with an answer of that shape.
        on_repair : callable, optional
            For callers that mend the rest by rule: told what was wrong when an answer was sent
            back, and then handed the second answer even if ``check`` still objects to it.

        Raises
        ------
        AnswerError
            If the second answer cannot be used either.
        BudgetError
            If the request could cost more than is left of ``max_cost``.
        LanguageModelError
            If there is no endpoint, or it fails.
        """
        content = self._content(request)
        answer, wrong = _read(shape, content, check)
        if answer is not None and not wrong:
            return answer
        said = repair(request.messages, content, wrong, self.redactor)
        again = Request(
            request.stage, self.name, said, request.schema, self.parameters, request.expected
        )
        if on_repair is not None:
            on_repair(wrong)
        answer, wrong = _read(shape, self._content(again), check)
        if answer is not None and (on_repair is not None or not wrong):
            return answer
        raise AnswerError(
            f"{self.name} answered twice in a way that cannot be used ({request.stage}: "
            f"{'; '.join(wrong)[:_SHOWN]}); to have it asked anew run "
            f"'fame llm forget {request.request_hash[:15]}', or take another --llm-model"
        )

    def cost(self, request: Request) -> float | None:
        """Return about what a request will cost, or None for a model without a price."""
        expected = round(request.expected * self._more_than_expected)
        return self.prices.cost(self.name, request.tokens, expected)

    def is_known(self, request: Request) -> bool:
        """Return whether the ledger holds the answer."""
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
                "an endpoint with --llm BASE_URL, or 'fame llm import FILE'"
            )
        self._keep_to_budget(request)
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
        self._more_than_expected = max(self._more_than_expected, ratio)
        return reply.content

    def _keep_to_budget(self, request: Request) -> None:
        if self.max_cost is None:
            return
        cost = self.cost(request)
        if cost is None:
            raise BudgetError(
                f"{self.name} is unpriced, so --max-cost cannot be kept: give its prices with "
                "--prices FILE, or leave --max-cost out"
            )
        if self.spent + cost > self.max_cost:
            raise BudgetError(
                f"the next request ({request.stage}, about ${cost:.4f}) would pass --max-cost "
                f"{self.max_cost:g} after ${self.spent:.4f}; what was answered is kept: run the "
                "same command with a higher --max-cost to go on"
            )


def _read(shape: type[Shape], content: str, check: Check | None) -> tuple[Shape | None, list[str]]:
    """Return the answer, or None, and what is wrong with it."""
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
    """Return how a list of ids differs from naming each wanted one exactly once."""
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
    """Cut rows into batches that fit a window of tokens together with their answers.

    Parameters
    ----------
    rows : sequence of mappings
        In the order in which they are sent.
    window : int
        Tokens of a request and its answer.
    answer_tokens : int
        About how many tokens the answer has for each row.
    most : int
        Rows in a batch at most.
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
