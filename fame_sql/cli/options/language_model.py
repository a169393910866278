"""The options that choose a language model and limit what is sent to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from fame_sql.cli.options.grouped import grouped
from fame_sql.cli.options.numbers import MOST, Number
from fame_sql.cli.options.renamed import RenamedOption
from fame_sql.errors import InputError
from fame_sql.files import read_text

if TYPE_CHECKING:
    from fame_sql.llm.client import Client
    from fame_sql.llm.model import LanguageModel
    from fame_sql.warehouse.warehouse import Warehouse


WINDOW = 16_384
_ENDPOINT = "FAME_LLM"


@dataclass(frozen=True)
class LanguageModelOptions:
    """The values of the options of a language model.

    Parameters
    ----------
    llm : str or None
        Base URL of the endpoint; None, or empty without ``$FAME_LLM``, to answer from the ledger
        alone.
    llm_model : str or None
        Name of the model; None if no language model is to be used.
    context : Path or None
        File with a description of the system.
    max_cost : float or None
        Limit in USD.
    prices : Path or None
        File with prices.
    window : int
        Tokens of a request and its answer together.
    timeout : float
        Seconds to wait for an answer.
    temperature, llm_seed : float or int, or None
        The user's settings.
    concurrency : int
        Maximum number of simultaneous requests.
    batch_file : Path or None
        File to write the requests to instead of sending them.
    presidio : bool
        Whether Presidio masks the names of people.
    dry_run : bool
        Whether to print the requests instead of sending them.
    """

    llm: str | None
    llm_model: str | None
    context: Path | None
    max_cost: float | None
    prices: Path | None
    window: int
    timeout: float
    temperature: float | None
    llm_seed: int | None
    concurrency: int
    batch_file: Path | None
    presidio: bool
    dry_run: bool

    @property
    def wanted(self) -> bool:
        """Whether a language model is named."""
        return self.llm_model is not None

    def open(self, warehouse: Warehouse) -> LanguageModel:
        """Return the language model with the ledger of a warehouse.

        Prints on stderr where text will be sent.

        Raises
        ------
        InputError
            If no model is named, or a file cannot be read.
        """
        from fame_sql.llm.batch import BatchFile
        from fame_sql.llm.ledger import Ledger
        from fame_sql.llm.model import LanguageModel
        from fame_sql.llm.presidio import presidio_recogniser
        from fame_sql.llm.prices import read_prices
        from fame_sql.llm.redaction import Redactor

        if self.llm_model is None:
            raise InputError(
                "no language model is named: give --llm-model NAME, as its endpoint calls it"
            )
        recogniser = presidio_recogniser() if self.presidio else None
        ledger = Ledger(warehouse)
        batch = None if self.batch_file is None else BatchFile(self.batch_file, ledger)
        given = {"temperature": self.temperature, "seed": self.llm_seed}
        return LanguageModel(
            name=self.llm_model,
            ledger=ledger,
            redactor=Redactor.of(warehouse, recogniser),
            client=None if self.dry_run or batch else self.client(),
            batch=None if self.dry_run else batch,
            prices=read_prices(self.prices),
            max_cost=self.max_cost,
            context="" if self.context is None else read_text(self.context, "--context"),
            window=self.window,
            concurrency=self.concurrency,
            parameters={name: value for name, value in given.items() if value is not None},
        )

    def client(self) -> Client | None:
        """Return a client of the endpoint, or None if none is named."""
        from fame_sql.llm.client import Client
        from fame_sql.llm.keys import api_key, host_of, refuse_unencrypted

        endpoint = self.llm or os.environ.get(_ENDPOINT)
        if not endpoint:
            return None
        host = host_of(endpoint)
        key = api_key(host)
        refuse_unencrypted(endpoint, key)
        click.echo(f"sending redacted text to {host}, model {self.llm_model}", err=True)
        return Client(endpoint, key, timeout=self.timeout)


def is_asked_for(context: click.Context) -> bool:
    """Return whether the command line names a language model; the environment asks for nothing."""
    return any(
        context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        for name in ("llm", "llm_model")
    )


_MODEL: dict[str, Any] = {
    "metavar": "NAME",
    "envvar": ["FAME_LLM_MODEL", "FAME_MODEL"],
    "help": "Language model; without --llm, only answers in the ledger are used.",
}
_SEED: dict[str, Any] = {
    "type": click.IntRange(-(2**63), 2**63 - 1),
    "metavar": "NUMBER",
    "help": "Seed of the language model; sent only if given.",
}

_LIMITS = (
    click.option(
        "--context",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Description of your system for the language model; redacted like everything sent.",
    ),
    click.option(
        "--max-cost",
        type=Number(min=0),
        metavar="USD",
        help="Stop before a request that could cost more than is left, in the worst case.",
    ),
    click.option(
        "--prices",
        type=click.Path(path_type=Path),
        metavar="FILE",
        show_default="$FAME_PRICES, then a table in fame-sql",
        help="Prices of language models, as JSON.",
    ),
    click.option(
        "--window",
        type=click.IntRange(2000, MOST),
        metavar="TOKENS",
        default=WINDOW,
        show_default=True,
        help="Maximum tokens of a request and its answer together.",
    ),
    click.option(
        "--timeout",
        type=Number(min=0, min_open=True),
        metavar="SECONDS",
        default=600.0,
        show_default=True,
        help="How long to wait for an answer.",
    ),
    click.option(
        "--temperature",
        type=Number(min=0),
        metavar="NUMBER",
        show_default="0.1 where the endpoint takes it",
        help="Sampling temperature.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(1, 64),
        metavar="NUMBER",
        default=1,
        show_default=True,
        help="Maximum number of simultaneous requests; the result is the same.",
    ),
)
_LAST = (
    click.option(
        "--batch-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the requests to a file for a batch API, at half the price, instead of sending "
        "them; 'fame llm answers' reads the answers.",
    ),
    click.option("--presidio", is_flag=True, help="Also mask names of people, with Presidio."),
    click.option(
        "--dry-run", is_flag=True, help="Print the requests and their price without sending them."
    ),
)
_OPTIONS = (
    click.option(
        "--llm",
        metavar="[BASE_URL]",
        is_flag=False,
        flag_value="",
        envvar=_ENDPOINT,
        help=f"OpenAI-compatible endpoint, or that of ${_ENDPOINT}; its key is read from "
        "$FAME_LLM_KEY.",
    ),
    click.option(
        "--llm-model",
        cls=RenamedOption,
        former="--model",
        **_MODEL,
    ),
    *_LIMITS,
    click.option(
        "--llm-seed",
        cls=RenamedOption,
        former="--model-seed",
        **_SEED,
    ),
    *_LAST,
)


def language_model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a language model, which the command takes as one argument ``llm``."""
    return grouped(command, _OPTIONS, LanguageModelOptions, "llm")


def language_model_options_on_request(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the same options to a command that asks only where ``--llm`` or its model is given.

    ``--llm`` needs no address there: then it is that of the environment.
    """
    on_request = click.option(
        "--llm",
        metavar="[BASE_URL]",
        is_flag=False,
        flag_value="",
        help="Let a language model answer, at this OpenAI-compatible endpoint or at that of "
        f"${_ENDPOINT}; its key is read from $FAME_LLM_KEY.",
    )
    # Without the former names of options, which this command never had.
    model, seed = click.option("--llm-model", **_MODEL), click.option("--llm-seed", **_SEED)
    options = (on_request, model, *_LIMITS, seed, *_LAST)
    return grouped(command, options, LanguageModelOptions, "llm")
