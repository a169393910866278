"""The command ``fame windows``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.language_model import (
    LanguageModelOptions,
    is_asked_for,
    language_model_options_on_request,
)
from fame_sql.cli.options.numbers import COUNT, Number
from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json, print_records
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.requests import print_spending
from fame_sql.console import plural, printable

if TYPE_CHECKING:
    from fame_sql.operations.windows.by_llm import WindowJudge
    from fame_sql.warehouse.warehouse import Warehouse

_COLUMNS = (
    *("detector", "windows", "alarms", "suppressed", "lines_to_review"),
    *("false_windows", "missed_windows", "dollars"),
)


@click.command("windows")
@click.option(
    "--minutes",
    type=COUNT,
    metavar="MINUTES",
    default=10,
    show_default=True,
    help="Length of a window; it divides an hour.",
)
@click.option(
    "--rule",
    default="ERROR>10",
    show_default=True,
    metavar="SEVERITY>NUMBER",
    help="More lines of this severity or a higher one, within as many minutes.",
)
@click.option(
    "--z",
    type=Number(0, 1000),
    metavar="NUMBER",
    default=3.0,
    show_default=True,
    help="Standard deviations of the error rate above which the z-score alarms.",
)
@click.option(
    "--batch",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    metavar="LINES",
    help="Maximum lines of a window in a request to the language model.",
)
@click.option(
    "--suppress",
    type=Number(0, 525_600),
    default=60.0,
    show_default=True,
    metavar="MINUTES",
    help="How long an alarm of the language model silences those of its type and service.",
)
@click.option(
    "--first", type=COUNT, metavar="WINDOWS", help="Ask about the first windows only, to try it."
)
@click.option("--all", "everything", is_flag=True, help="Also judge the training period.")
@language_model_options_on_request
@warehouse_option
@form_options
@click.pass_context
def windows(
    context: click.Context,
    minutes: int,
    rule: str,
    z: float,
    batch: int,
    suppress: float,
    first: int | None,
    everything: bool,
    llm: LanguageModelOptions,
    warehouse: Path,
    form: Form,
) -> None:
    """Compare FAME with rules and other detectors.

    All judge the same windows of time. Rules and z-scores of error rates are computed in SQL. With
    --llm or --llm-model, a language model also reads every line of every window, in batches: what
    FAME replaces. Its answers are stored as a detector, and its alarms are suppressed where they
    repeat and routed by severity. --dry-run prices that without sending anything. False and missed
    windows are counted where the log carries labels.
    """
    from fame_sql.operations.windows.detectors import Rule, compare, detect, open_windows
    from fame_sql.warehouse.warehouse import Warehouse

    asks = is_asked_for(context)
    if llm.dry_run and not asks:
        raise click.UsageError(
            "--dry-run prices what a language model would cost: add --llm, or --llm-model NAME"
        )
    wanted = Rule.read(rule)
    with Warehouse.open(warehouse) as opened:
        open_windows(opened, minutes, everything=everything)
        if asks:
            judge = _judge(opened, llm, minutes, batch, first)
            if llm.dry_run:
                _print_preview(judge, opened, form)
                return
            _ask(judge, opened, suppress)
        detect(opened, minutes, wanted, z)
        rows = compare(opened, minutes)
    print_records(rows, _COLUMNS, form)


def _judge(
    warehouse: Warehouse, llm: LanguageModelOptions, minutes: int, batch: int, first: int | None
) -> WindowJudge:
    from fame_sql.operations.windows.by_llm import EVERY, WindowJudge

    return WindowJudge(llm.open(warehouse), minutes, batch, first or EVERY)


def _ask(judge: WindowJudge, warehouse: Warehouse, suppress: float) -> None:
    try:
        judge.judge(warehouse, suppress_minutes=suppress, progress=terminal_progress())
    finally:
        print_spending(judge.model)


def _print_preview(judge: WindowJudge, warehouse: Warehouse, form: Form) -> None:
    plan = judge.preview(warehouse)
    facts = {
        "windows": plan.windows,
        "requests": plan.requests,
        "lines": plan.lines,
        "tokens_in": plan.tokens_in,
        "tokens_out": plan.tokens_out,
        "cost_usd": plan.cost_usd,
        "prices_dated": judge.model.prices.dated,
        "measured_on": plan.measured_on,
    }
    if form != "text":
        print_json(facts) if form == "json" else print_records([facts], tuple(facts), form)
        return
    if plan.first is not None:
        click.echo("--- the first request; the others have the same form")
        for message in plan.first.messages:
            click.echo(f"[{message['role']}]\n{printable(message['content'])}")
    price = "unpriced" if plan.cost_usd is None else f"about ${plan.cost_usd:.4f}"
    about = f"about {plan.tokens_in} tokens in and {plan.tokens_out} tokens out"
    click.echo(
        f"--- nothing was sent: {plural(plan.requests, 'request')} for "
        f"{plural(plan.lines, 'line')} of {plural(plan.windows, 'window')}, {about} (measured on "
        f"{plural(plan.measured_on, 'request')}); {price} at the prices of "
        f"{judge.model.prices.dated}"
    )
