"""The options that name a language model, what would be sent to it, and what it cost."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from fame_sql.cli.output import print_json
from fame_sql.console import printable
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fame_sql.llm.client import Client
    from fame_sql.llm.model import LanguageModel
    from fame_sql.llm.request import Request
    from fame_sql.warehouse.warehouse import Warehouse

_OPENAI = "api.openai.com"


@dataclass(frozen=True)
class ModelOptions:
    """What the options say of a language model."""

    llm: str | None
    model: str | None
    context: Path | None
    max_cost: float | None
    prices: Path | None
    window: int | None
    timeout: float
    temperature: float | None
    model_seed: int | None
    presidio: bool
    dry_run: bool

    @property
    def wanted(self) -> bool:
        """Whether a language model is named."""
        return self.model is not None

    def open(self, warehouse: Warehouse) -> LanguageModel:
        """Return the model over a warehouse's ledger; says on stderr where text will go.

        Raises
        ------
        InputError
            If no model is named, or a file cannot be read.
        """
        from fame_sql.llm.ledger import Ledger
        from fame_sql.llm.model import WINDOW, LanguageModel
        from fame_sql.llm.presidio import presidio_recogniser
        from fame_sql.llm.prices import read_prices
        from fame_sql.llm.redaction import Redactor

        if self.model is None:
            raise InputError("name the model with --model NAME, as its endpoint calls it")
        recogniser = presidio_recogniser() if self.presidio else None
        given = {"temperature": self.temperature, "seed": self.model_seed}
        return LanguageModel(
            name=self.model,
            ledger=Ledger(warehouse),
            redactor=Redactor.of(warehouse, recogniser),
            client=None if self.dry_run else self.client(),
            prices=read_prices(self.prices),
            max_cost=self.max_cost,
            context=_read(self.context),
            window=self.window or WINDOW,
            parameters={name: value for name, value in given.items() if value is not None},
        )

    def client(self) -> Client | None:
        """Return a client of the endpoint, or None if none is named."""
        from fame_sql.llm.client import Client

        if self.llm is None:
            return None
        address = urlsplit(self.llm)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise InputError(
                f"--llm {self.llm!r} is no address of an endpoint; "
                "give one such as http://localhost:11434/v1"
            )
        click.echo(f"redacted text is sent to {address.hostname}, model {self.model}", err=True)
        return Client(self.llm, _key(address.hostname), timeout=self.timeout)


def _key(host: str) -> str:
    """Return the key; that of OpenAI never goes to another host."""
    own = os.environ.get("FAME_LLM_KEY")
    openai = os.environ.get("OPENAI_API_KEY") if host == _OPENAI else None
    return own or openai or "none"


def _read(path: Path | None) -> str:
    try:
        return "" if path is None else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--context {path} cannot be read: {error}") from None


_OPTIONS = (
    click.option(
        "--llm",
        metavar="BASE_URL",
        envvar="FAME_LLM",
        help="An OpenAI-compatible endpoint; its key is $FAME_LLM_KEY.",
    ),
    click.option(
        "--model",
        metavar="NAME",
        envvar="FAME_MODEL",
        help="The language model; without --llm, the ledger alone answers.",
    ),
    click.option(
        "--context",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="What you write about the system, for the model; redacted like all that is sent.",
    ),
    click.option("--max-cost", type=click.FloatRange(min=0), help="Spend at most so many USD."),
    click.option(
        "--prices",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Your prices, as JSON.  [default: $FAME_PRICES]",
    ),
    click.option(
        "--window",
        type=click.IntRange(min=2000),
        help="Tokens of a request and its answer together.  [default: 16384]",
    ),
    click.option(
        "--timeout", type=float, default=600.0, show_default=True, help="Seconds for an answer."
    ),
    click.option("--temperature", type=float, help="Sent only if given."),
    click.option("--model-seed", type=int, help="The model's seed; sent only if given."),
    click.option("--presidio", is_flag=True, help="Mask names of people too, with Presidio."),
    click.option("--dry-run", is_flag=True, help="Print what would be sent and its price; stop."),
)


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a language model, given as one argument ``asked``."""
    names = tuple(ModelOptions.__dataclass_fields__)

    @functools.wraps(command)
    def with_model(*args: Any, **options: Any) -> Any:
        asked = ModelOptions(**{name: options.pop(name) for name in names})
        return command(*args, asked=asked, **options)

    wrapped: Callable[..., Any] = with_model
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def print_plan(
    model: LanguageModel, requests: Sequence[Request], notes: Sequence[str], *, as_json: bool
) -> None:
    """Print what would be sent, exactly, and what it would cost."""
    unknown = [request for request in requests if not model.is_known(request)]
    costs = [model.cost(request) for request in unknown]
    cost = None if None in costs else sum(c for c in costs if c is not None)
    facts = {
        "requests": len(requests),
        "in_the_ledger": len(requests) - len(unknown),
        "tokens_in": sum(request.tokens for request in unknown),
        "tokens_out": sum(request.expected for request in unknown),
        "cost_usd": cost,
        "prices_dated": model.prices.dated,
        "notes": list(notes),
    }
    if as_json:
        print_json({**facts, "would_send": [request.canonical() for request in unknown]})
        return
    for number, request in enumerate(unknown, 1):
        masked = ", ".join(f"{n} {kind}" for kind, n in sorted(request.redactions.items()))
        click.echo(f"--- request {number}, {request.stage}; masked: {masked or 'nothing'}")
        for message in request.messages:
            click.echo(f"[{message['role']}]\n{printable(message['content'])}")
    price = f"unpriced: {model.name} is in no price table; give --prices FILE"
    if cost is not None:
        price = f"about ${cost:.4f} at the prices of {model.prices.dated}, which you should check"
    click.echo(
        f"--- nothing was sent: {len(unknown)} requests, about {facts['tokens_in']} tokens in and "
        f"{facts['tokens_out']} out (by length, good to about a third); {price}"
    )
    if facts["in_the_ledger"]:
        click.echo(f"--- {facts['in_the_ledger']} more are in the ledger, and cost nothing")
    for note in notes:
        click.echo(f"--- {note}")


def tell_bill(model: LanguageModel) -> None:
    """Say on stderr what this run sent and what it cost."""
    cost = f"${model.spent:.4f}" if model.prices.cost(model.name, 0, 0) is not None else "unpriced"
    click.echo(
        f"language model: {model.sent} requests sent ({cost}), {model.replayed} answered by the "
        "ledger; 'fame llm bill' has the stages",
        err=True,
    )
