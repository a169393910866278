"""The command ``fame cost``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.output import Form, force_option, form_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_csv, print_done, print_json
from fame_sql.cli.tables import print_table, print_text
from fame_sql.files import write_text

if TYPE_CHECKING:
    from fame_sql.operations.costs.inputs import Inputs
    from fame_sql.operations.costs.measured import Measured

_WAYS = ("way", "USD a day", "USD once", "false alarms", "lines", "hours", "wages")
_INPUTS = ("input", "value", "kind", "what", "source")
_DECIDING = _INPUTS[:4]
_OF_A_DAY = "false alarms, lines to read, engineer-hours and their wages in USD are those of a day"
_PUBLISHED = ("published figure", "of", "from", "to", "computed", "factor")


@click.command("cost")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set an input; can be given several times.",
)
@click.option(
    "--inputs",
    "path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read inputs from a TOML file.",
)
@click.option(
    "--write-inputs",
    "written",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the inputs to a TOML file to edit, and exit.",
)
@click.option("--llm-model", metavar="NAME", help="Take the prices of this model.")
@click.option(
    "--prices",
    type=click.Path(path_type=Path),
    metavar="FILE",
    show_default="$FAME_PRICES, then a table in fame-sql",
    help="Prices of language models, as JSON.",
)
@click.option(
    "--published", is_flag=True, help="Compute the published figures, beside what was published."
)
@force_option
@warehouse_option
@form_options
def cost(
    settings: tuple[str, ...],
    path: Path | None,
    written: Path | None,
    llm_model: str | None,
    prices: Path | None,
    published: bool,
    force: bool,
    warehouse: Path,
    form: Form,
) -> None:
    """Compare what it costs to watch logs in four ways.

    A language model on every line, one on windows, rules, and FAME: dollars per day and once, false
    alarms, lines to read and engineer-hours. Daily lines, tokens of a line, templates and labelled
    lines are measured if there is a warehouse; all inputs are listed with where they come from, and
    can be set.
    """
    if published:
        _print_published(form)
        return
    measured = _inputs(warehouse, llm_model, prices, path, settings)
    if written is not None:
        from fame_sql.operations.costs.inputs import to_toml

        write_text(written, to_toml(measured.inputs), force=force)
        said = f"edit {written}, then run: fame cost --inputs {written}"
        print_done(said, {"file": str(written)}, as_json=form == "json")
        return
    _print(measured, form)


def _inputs(
    warehouse: Path,
    llm_model: str | None,
    prices: Path | None,
    path: Path | None,
    settings: tuple[str, ...],
) -> Measured:
    from fame_sql.operations.costs.inputs import (
        changed,
        default_inputs,
        read_inputs,
        split_settings,
    )
    from fame_sql.operations.costs.measured import Measured, measure
    from fame_sql.warehouse.warehouse import Warehouse

    found = Measured(_priced(default_inputs(), llm_model, prices), None, None)
    if warehouse.exists():
        with Warehouse.open(warehouse, read_only=True) as opened:
            found = measure(opened, found.inputs)
    inputs = found.inputs if path is None else read_inputs(path, found.inputs)
    inputs = changed(inputs, split_settings(settings), "yours", "--set")
    return Measured(inputs, found.pass_usd, found.unknown_share, found.notes)


def _priced(inputs: Inputs, llm_model: str | None, prices: Path | None) -> Inputs:
    from fame_sql.errors import InputError
    from fame_sql.llm.prices import read_prices
    from fame_sql.operations.costs.inputs import changed

    if llm_model is None:
        return inputs
    table = read_prices(prices)
    if llm_model not in table.models:
        raise InputError(
            f"{llm_model!r} has no price: give its prices with --prices FILE, or use one of "
            f"{', '.join(sorted(table.models))}"
        )
    price_in, price_out = table.models[llm_model]
    source = f"{llm_model} as of {table.dated}"
    return changed(inputs, {"price_in": price_in, "price_out": price_out}, "given", source)


def _print(measured: Measured, form: Form) -> None:
    from fame_sql.operations.costs.costs import compare, recompilation

    ways = compare(measured.inputs)
    again = recompilation(measured.inputs, measured.unknown_share)
    if form == "json":
        print_json(
            {
                "ways": [asdict(way) for way in ways],
                "recompilation": {**asdict(again), "advice": again.advice},
                "pass_usd": measured.pass_usd,
                "notes": list(measured.notes),
                "inputs": [asdict(given) for given in measured.inputs.values()],
            }
        )
        return
    if form == "csv":
        print_csv(tuple(asdict(ways[0])), [tuple(asdict(way).values()) for way in ways])
        return
    print_table(_WAYS, [[_short(v) for v in asdict(way).values()] for way in ways])
    print_text(_OF_A_DAY)
    print_text(again.advice)
    if measured.pass_usd is not None:
        click.echo(f"the ledger says that labels and domains have cost ${measured.pass_usd:.4f}")
    for note in measured.notes:
        print_text(f"not measured: {note}")
    click.echo("")
    rows = [(i.name, _short(i.value), i.kind, i.what, i.source) for i in measured.inputs.values()]
    print_table(_INPUTS, rows, _DECIDING)


def _short(value: object) -> object:
    """Return a number with as many decimals as its size needs."""
    if not isinstance(value, float):
        return value
    return round(value) if value >= 1000 else round(value, 2 if value >= 1 else 4)


def _print_published(form: Form) -> None:
    from fame_sql.operations.costs.costs import reproduce, scenario_inputs
    from fame_sql.operations.costs.inputs import published

    found = reproduce()
    rows = [
        (r.figure, r.scenario, *r.published, round(r.computed, 2), round(r.factor, 2))
        for r in found
    ]
    if form == "json":
        print_json([{**asdict(r), "factor": r.factor} for r in found])
        return
    if form == "csv":
        print_csv(_PUBLISHED, rows)
        return
    print_table(_PUBLISHED, rows)
    for name, facts in published().items():
        click.echo(f"\n{facts['title']}: {facts['published']['source']}")
        named = {*facts["given"], *facts["assumed"]}
        used = [scenario_inputs(name)[i] for i in scenario_inputs(name) if i in named]
        print_table(_INPUTS[:4], [(i.name, _short(i.value), i.kind, i.what) for i in used])
