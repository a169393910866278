"""The command ``fame compile``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from fame_sql.cli.options.labelling import per_template_option, readings_option
from fame_sql.cli.options.language_model import LanguageModelOptions, language_model_options
from fame_sql.cli.options.numbers import SHARE
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.preset import chosen_config, preset_options
from fame_sql.cli.options.runtime import chosen_runtime, runtime_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.requests import print_requests, print_spending

if TYPE_CHECKING:
    from fame_sql.scoring.scoring import ScoringReport
    from fame_sql.students.runtime import Name, Precision
    from fame_sql.training.training import TrainingReport
    from fame_sql.warehouse.warehouse import Warehouse


@click.command("compile")
@click.option(
    "--split",
    "fraction",
    type=SHARE,
    metavar="SHARE",
    help="Mine again, with this share of the lines as the training period.",
)
@per_template_option
@readings_option
@click.option(
    "--full", is_flag=True, help="Train everything, including the parts that have not changed."
)
@click.option(
    "--value-heads/--no-value-heads",
    default=None,
    show_default="on with words in a new warehouse, else as the champion",
    help="Judge by the values behind wildcards where they decide better than words, and draw "
    "labels that spread over them. Later runs keep the choice.",
)
@preset_options(default="the champion's, or words")
@runtime_options
@language_model_options
@warehouse_option
@json_option
def compile_(
    fraction: float | None,
    per_template: int,
    readings: int,
    full: bool,
    value_heads: bool | None,
    preset: str | None,
    fetch: bool,
    runtime: Name | None,
    precision: Precision | None,
    llm: LanguageModelOptions,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Run every stage that is missing, from mining to scoring.

    With --llm-model, a language model labels the templates that have no labels and groups the
    templates into domains. Its answers are kept in the ledger and are never paid for twice. If
    there is a model already, only the experts of domains that have changed are trained, and the
    other domains keep their scores.
    """
    from fame_sql.training.values import count_unread_values
    from fame_sql.warehouse.values import write_value_heads
    from fame_sql.warehouse.warehouse import Warehouse

    stages = {"fraction": fraction, "per_template": per_template, "readings": readings}
    with Warehouse.open(warehouse) as opened:
        if llm.wanted and llm.dry_run:
            _print_requests(opened, llm, stages, as_json=as_json)
            return
        if value_heads is not None:
            write_value_heads(opened.connection, wanted=value_heads)
        settings = {
            "config": chosen_config(opened, preset, fetch),
            "full": full,
            "runtime": chosen_runtime(runtime, precision),
        }
        report, ran = _run(opened, llm, {**stages, **settings}, as_json=as_json)
        unread = count_unread_values(opened)
    if as_json:
        training = asdict(cast("TrainingReport", ran["train"]))
        print_json({"stages": list(ran), **asdict(report), "training": training})
        return
    click.echo(f"{report.events} events scored by {report.model_version}")
    if report.lines_by_value:
        click.echo(f"{report.lines_by_value} lines are judged by their values, one at a time")
    if unread:
        click.echo(
            f"{unread} templates have labels of both kinds, and the champion does not read their "
            "values, as it comes from before that was the default: 'fame compile --value-heads' "
            "makes a model that does, and 'fame evaluate' measures both",
            err=True,
        )


def _run(
    warehouse: Warehouse, llm: LanguageModelOptions, settings: dict[str, Any], *, as_json: bool
) -> tuple[ScoringReport, dict[str, object]]:
    """Run the stages; return the report of scoring, and each stage's by its name."""
    from fame_sql.pipeline.pipeline import compile_model

    ran: dict[str, object] = {}

    def print_stage(name: str, report: object) -> None:
        ran[name] = report
        if not as_json:
            click.echo(f"{name}: {_summary(report)}")
        for sentence in _failed_fits(report):
            click.echo(sentence, err=True)

    model = llm.open(warehouse) if llm.wanted else None
    try:
        progress = terminal_progress()
        report = compile_model(
            warehouse, model=model, progress=progress, on_stage=print_stage, **settings
        )
    finally:
        if model is not None:
            print_spending(model)
    return report, ran


def _summary(report: object) -> str:
    """Return what a stage did in one line, if its report has such a summary."""
    from fame_sql.training.training import TrainingReport

    return report.summary() if isinstance(report, TrainingReport) else "done"


def _failed_fits(report: object) -> tuple[str, ...]:
    """Return what a training says of its calibration; nothing for other stages."""
    from fame_sql.training.training import TrainingReport

    return report.failed_fits if isinstance(report, TrainingReport) else ()


def _print_requests(
    warehouse: Warehouse, llm: LanguageModelOptions, stages: dict[str, Any], *, as_json: bool
) -> None:
    from fame_sql.pipeline.pipeline import preview_compile

    model = llm.open(warehouse)
    requests, notes = preview_compile(warehouse, model, **stages)
    print_requests(model, requests, notes, as_json=as_json)
