"""The command that runs every stage that is missing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.labels import per_template_option
from fame_sql.cli.llm import ModelOptions, model_options, print_plan, tell_bill
from fame_sql.cli.output import json_option, print_json, terminal_progress, warehouse_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from fame_sql.llm.model import LanguageModel
    from fame_sql.scoring import ScoringReport
    from fame_sql.warehouse import Warehouse


@click.command("compile")
@click.option("--split", "fraction", type=float, help="Mine anew with this training period.")
@per_template_option
@model_options
@warehouse_option
@json_option
def compile_(
    fraction: float | None, per_template: int, asked: ModelOptions, warehouse: Path, as_json: bool
) -> None:
    """Run every stage that is missing, from mining to scoring.

    With --model, a language model labels the templates that nobody has judged, and partitions
    them; what it has answered once is in the ledger and is never paid for again.
    """
    from fame_sql.warehouse import Warehouse

    ran: list[str] = []

    def tell(name: str, _: object) -> None:
        ran.append(name)
        if not as_json:
            click.echo(f"{name}: done")

    with Warehouse.open(warehouse) as opened:
        if asked.wanted and asked.dry_run:
            _print_compile_plan(opened, asked, fraction, per_template, as_json=as_json)
            return
        model = asked.open(opened) if asked.wanted else None
        try:
            report = _run(opened, fraction, per_template, model, tell)
        finally:
            if model is not None:
                tell_bill(model)
    if as_json:
        print_json({"stages": ran, **asdict(report)})
        return
    click.echo(f"{report.events} events scored by {report.model_version}")


def _run(
    warehouse: Warehouse,
    fraction: float | None,
    per_template: int,
    model: LanguageModel | None,
    tell: Callable[[str, object], None],
) -> ScoringReport:
    from fame_sql.pipeline import compile_model

    return compile_model(
        warehouse,
        fraction=fraction,
        per_template=per_template,
        model=model,
        progress=terminal_progress(),
        on_stage=tell,
    )


def _print_compile_plan(
    warehouse: Warehouse,
    asked: ModelOptions,
    fraction: float | None,
    per_template: int,
    *,
    as_json: bool,
) -> None:
    from fame_sql.pipeline import plan_pass

    model = asked.open(warehouse)
    requests, notes = plan_pass(warehouse, model, fraction=fraction, per_template=per_template)
    print_plan(model, requests, notes, as_json=as_json)
