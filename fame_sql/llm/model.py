"""A language model as the stages use it: it is asked, and its answers are checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any

from fame_sql.llm.answers import Shape, parse, schema_of
from fame_sql.llm.completion import REFUSALS, unfinished
from fame_sql.llm.failures import AnswerError, CutOffError, RefusedError
from fame_sql.llm.ledger import Reply
from fame_sql.llm.prices import estimate_tokens
from fame_sql.llm.prompts import Row, messages, repair
from fame_sql.llm.redaction import Redactor
from fame_sql.llm.request import Message, Request
from fame_sql.llm.sending import Sender

Check = Callable[[Any], list[str]]
"""Returns what is wrong with an answer of the right schema, in words for the model."""

WINDOW = 16_384
TEMPERATURE = 0.1
"""Sent unless the user sets another, and left out where an endpoint refuses it."""
_SHOWN = 160
_LEAST_ANSWER = 256
_NEARLY = 0.9
_MOST_REPAIRED = 20_000
# What the ids of a stage's rows begin with; models like to leave it out.
_PREFIXES = {"partition": "t", "merge": "d", "place": "t"}


@dataclass
class LanguageModel(Sender):
    """Asks about rows of data, redacted, and checks the answers.

    Parameters
    ----------
    redactor : Redactor
        Masks all text that is sent.
    context : str
        The user's description of the system.
    window : int
        Maximum number of tokens of a request and its answer together.
    parameters : dict
        Temperature and seed, if the user set them.
    reasoning : int
        Tokens that an answer may have beyond three times what is expected.
    """

    redactor: Redactor
    _: KW_ONLY
    context: str = ""
    window: int = WINDOW
    parameters: dict[str, Any] = field(default_factory=dict)
    reasoning: int = 2048

    def request(
        self,
        stage: str,
        task: str,
        rows: Sequence[Row],
        shape: type[Shape],
        expected: int,
        examples: Sequence[Row] = (),
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
        examples : sequence of mappings
            What people have judged.
        """
        before = self.redactor.counts.copy()
        schema = schema_of(shape)
        sent = messages(
            task,
            rows,
            schema=schema,
            context=self.context,
            redactor=self.redactor,
            examples=examples,
        )
        counts = {k: n for k, n in (self.redactor.counts - before).items() if n}
        used = estimate_tokens("".join(message["content"] for message in sent))
        return Request(
            stage,
            self.name,
            sent,
            schema,
            self.parameters,
            expected,
            counts,
            settings={"temperature": TEMPERATURE},
            max_tokens=self.most_answer(used, expected),
        )

    def most_answer(self, sent: int, expected: int) -> int:
        """Return how many tokens an answer may have.

        Parameters
        ----------
        sent : int
            Tokens that are sent.
        expected : int
            Estimated number of tokens of the answer.
        """
        return min(max(_LEAST_ANSWER, self.window - sent), 3 * expected + self.reasoning)

    def ask(
        self,
        request: Request,
        shape: type[Shape],
        check: Check | None = None,
        *,
        on_repair: Callable[[list[str]], None] | None = None,
        salvage: Callable[[str], Shape | None] | None = None,
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
        salvage : callable, optional
            Returns what is good in the text of an answer that is wrong in part, or None. It is
            then the answer, and nothing is sent back. An answer that was cut off is not sent back
            either, because a caller who can use a part can also ask for less.

        Raises
        ------
        AnswerError
            If the second answer cannot be used either, or the model refuses to answer.
        BudgetError
            If the request could exceed ``max_cost``.
        LanguageModelError
            If there is no endpoint, or it fails.
        """
        reply = self.reply(request)
        answer, wrong = _read(shape, request.stage, reply, check)
        if answer is not None and not wrong:
            return answer
        if reply.finish_reason in REFUSALS:
            raise RefusedError(self._without(request, wrong))
        if salvage is not None and (good := salvage(reply.content)) is not None:
            return good
        if salvage is not None and reply.finish_reason == "length":
            at_limit = reply.tokens_out >= _NEARLY * request.max_tokens
            raise CutOffError(self._without(request, wrong), reply.content, at_limit=at_limit)
        again = self.repaired(request, reply.content, wrong)
        if on_repair is not None:
            on_repair(wrong)
        second = self.reply(again)
        self._charge_repair(request, again)
        answer, wrong = _read(shape, request.stage, second, check)
        if answer is not None and (on_repair is not None or not wrong):
            return answer
        raise AnswerError(
            f"{self.name} gave two answers that cannot be used ({request.stage}: "
            f"{'; '.join(wrong)[:_SHOWN]}): run 'fame llm forget {request.request_hash[:15]}' to "
            "ask again, or choose another --llm-model"
        )

    def _charge_repair(self, request: Request, again: Request) -> None:
        if again.request_hash in self.paid:
            cost = self.paid.pop(again.request_hash)
            before = self.paid.get(request.request_hash) or 0.0
            self.paid[request.request_hash] = None if cost is None else before + cost

    def _without(self, request: Request, wrong: Sequence[str]) -> str:
        said = "; ".join(wrong)[:_SHOWN]
        return f"{self.name} gave no answer ({request.stage}: {said}): choose another --llm-model"

    def repaired(self, request: Request, content: str, wrong: Sequence[str]) -> Request:
        """Return the request that sends an answer back with its faults."""
        sent = repair(request.messages, content[:_MOST_REPAIRED], wrong, self.redactor)
        return replace(request, messages=sent, redactions={}, max_tokens=self._room(sent))

    def _room(self, sent: Sequence[Message]) -> int:
        """Return how many tokens of the window messages leave to an answer."""
        used = estimate_tokens("".join(message["content"] for message in sent))
        return max(_LEAST_ANSWER, self.window - used)


def _read(
    shape: type[Shape], stage: str, reply: Reply, check: Check | None
) -> tuple[Shape | None, list[str]]:
    """Return the answer, or None, and a list of its faults."""
    early = unfinished(reply)
    try:
        answer = parse(shape, reply.content, prefix=_PREFIXES.get(stage, "l"))
    except ValueError as error:
        return None, [early or str(error)]
    except RecursionError:
        return None, ["the answer is nested too deeply"]
    return answer, (check(answer) if check else [])
