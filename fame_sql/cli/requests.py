"""The requests to a language model before they are sent, and what a run has spent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.quiet import remark
from fame_sql.cli.output import print_json
from fame_sql.console import plural, printable

if TYPE_CHECKING:
    from fame_sql.llm.model import LanguageModel
    from fame_sql.llm.request import Request


def print_requests(
    model: LanguageModel, requests: Sequence[Request], notes: Sequence[str], *, as_json: bool
) -> None:
    """Print the requests exactly as they would be sent, and what they would cost.

    Parameters
    ----------
    model : LanguageModel
        The model; it has the ledger and the prices.
    requests : sequence of Request
        Every request of the run, including those that the ledger answers.
    notes : sequence of str
        Sentences to print at the end.
    as_json : bool
        Whether to print JSON.
    """
    unknown = [request for request in requests if not model.is_known(request)]
    costs = [model.cost(request) for request in unknown]
    cost = None if None in costs else sum(c for c in costs if c is not None)
    earlier = model.outdated({request.stage for request in unknown}) if unknown else None
    masked = model.masked_otherwise(requests) if unknown else None
    notes = [*notes, *(said for said in (earlier, masked) if said)]
    if as_json:
        facts = {
            "requests": len(requests),
            "in_the_ledger": len(requests) - len(unknown),
            "tokens_in": sum(request.tokens for request in unknown),
            "tokens_out": sum(request.expected for request in unknown),
            "cost_usd": cost,
            "prices_dated": model.prices.dated,
            "notes": list(notes),
            "texts_to_check": len(model.redactor.doubtful),
        }
        print_json({**facts, "would_send": [request.canonical() for request in unknown]})
        return
    _print_messages(unknown)
    _print_price(model, unknown, cost)
    if known := len(requests) - len(unknown):
        click.echo(f"--- {known} more requests are answered by the ledger at no cost")
    for note in notes:
        click.echo(f"--- {note}")
    click.echo(f"--- {_limits_of_masks(model)}")


def _limits_of_masks(model: LanguageModel) -> str:
    """Return what the reader of a dry run should look for, because masks cannot know it."""
    count = len(model.redactor.doubtful)
    return (
        "masks know formats, not a password in a sentence, a name or a serial number: "
        f"{count} {'text looks' if count == 1 else 'texts look'} as if there were one"
    )


def _print_messages(requests: Sequence[Request]) -> None:
    for number, request in enumerate(requests, 1):
        masked = ", ".join(f"{n} {kind}" for kind, n in sorted(request.redactions.items()))
        click.echo(f"--- request {number}, {request.stage}; masked: {masked or 'nothing'}")
        for message in request.messages:
            click.echo(f"[{message['role']}]\n{printable(message['content'])}")


def _print_price(model: LanguageModel, requests: Sequence[Request], cost: float | None) -> None:
    price = f"unpriced: no price table has {model.name}; give --prices FILE"
    if cost is not None:
        price = f"about ${cost:.4f} at the prices of {model.prices.dated}; check them"
    tokens_in = sum(request.tokens for request in requests)
    tokens_out = sum(request.expected for request in requests)
    click.echo(
        f"--- nothing was sent: {plural(len(requests), 'request')}, about {tokens_in} tokens in "
        f"and {tokens_out} tokens out (estimated from their length, to within a third); {price}"
    )


def print_spending(model: LanguageModel) -> None:
    """Print on stderr how many requests this run sent and what they cost.

    Before that, write the batch file, if the requests go into one.
    """
    if written := model.write_batch():
        assert model.batch is not None
        click.echo(
            f"{plural(written, 'request')} written to {model.batch.path}; nothing was sent",
            err=True,
        )
    remark(
        f"language model: {model.usage}, {model.replayed} answered by the ledger; 'fame llm bill' "
        "lists the cost of each stage"
    )
    for notice in sorted(model.notices):
        click.echo(f"note: {printable(notice)}", err=True)
