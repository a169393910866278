"""The command that runs every stage that is missing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from fame_sql.cli.encoder import config_asked, encoder_options
from fame_sql.cli.labels import per_template_option
from fame_sql.cli.language_model import ModelOptions, model_options, print_plan, tell_bill
from fame_sql.cli.output import json_option, print_json, terminal_progress, warehouse_option
from fame_sql.cli.runtime import runtime_asked, runtime_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from fame_sql.llm.model import LanguageModel
    from fame_sql.scoring.scoring import ScoringReport
    from fame_sql.students.network.runtimes import Name, Precision
    from fame_sql.training.training import TrainingReport
    from fame_sql.warehouse.warehouse import Warehouse


@click.command("compile")
@click.option("--split", "fraction", type=float, help="Mine anew with this training period.")
@per_template_option
@click.option("--full", is_flag=True, help="Train everything anew, also what has not changed.")
@encoder_options(default="the champion's, or compact")
@runtime_options
@model_options
@warehouse_option
@json_option
def compile_(
    fraction: float | None,
    per_template: int,
    full: bool,
    encoder: str | None,
    fetch: bool,
    runtime: Name | None,
    precision: Precision | None,
    asked: ModelOptions,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Run every stage that is missing, from mining to scoring.

    With --model, a language model labels the templates that nobody has judged, and partitions
    them; what it has answered once is in the ledger and is never paid for again. Where a model is
    there, only the experts of domains that have changed are trained, and the others' scores stay.
    """
    from fame_sql.warehouse.warehouse import Warehouse

    ran: dict[str, object] = {}

    def tell(name: str, report: object) -> None:
        ran[name] = report
        if not as_json:
            click.echo(f"{name}: {_told(report)}")

    with Warehouse.open(warehouse) as opened:
        if asked.wanted and asked.dry_run:
            _print_compile_plan(opened, asked, fraction, per_template, as_json=as_json)
            return
        model = asked.open(opened) if asked.wanted else None
        try:
            wanted = runtime_asked(runtime, precision)
            config = config_asked(opened, encoder, fetch)
            settings = {"config": config, "full": full, "runtime": wanted}
            report = _run(opened, fraction, per_template, model, tell, settings)
        finally:
            if model is not None:
                tell_bill(model)
    if as_json:
        training = asdict(cast("TrainingReport", ran["train"]))
        print_json({"stages": list(ran), **asdict(report), "training": training})
        return
    click.echo(f"{report.events} events scored by {report.model_version}")


def _told(report: object) -> str:
    """Say what a stage did, where its report tells that in a line."""
    from fame_sql.training.training import TrainingReport

    return report.told() if isinstance(report, TrainingReport) else "done"


def _run(
    warehouse: Warehouse,
    fraction: float | None,
    per_template: int,
    model: LanguageModel | None,
    tell: Callable[[str, object], None],
    settings: dict[str, Any],
) -> ScoringReport:
    from fame_sql.pipeline.pipeline import compile_model

    return compile_model(
        warehouse,
        fraction=fraction,
        per_template=per_template,
        model=model,
        progress=terminal_progress(),
        on_stage=tell,
        **settings,
    )


def _print_compile_plan(
    warehouse: Warehouse,
    asked: ModelOptions,
    fraction: float | None,
    per_template: int,
    *,
    as_json: bool,
) -> None:
    from fame_sql.pipeline.pipeline import preview_compile

    model = asked.open(warehouse)
    requests, notes = preview_compile(
        warehouse, model, fraction=fraction, per_template=per_template
    )
    print_plan(model, requests, notes, as_json=as_json)
