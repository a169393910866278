"""The command ``fame train``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.numbers import FALSE_ALARMS, SEED
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.preset import chosen_config, preset_options
from fame_sql.cli.options.quiet import remark
from fame_sql.cli.options.renamed import RenamedOption
from fame_sql.cli.options.runtime import chosen_runtime, runtime_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import print_facts

if TYPE_CHECKING:
    from fame_sql.students.runtime import Name, Precision
    from fame_sql.training.training import TrainingReport


@click.command()
@preset_options(default="the champion's, or words")
@click.option(
    "--seed",
    type=SEED,
    metavar="NUMBER",
    show_default="the champion's, or 0",
    help="Seed of the training.",
)
@click.option(
    "--full",
    cls=RenamedOption,
    former="--again",
    is_flag=True,
    help="Train everything, including the parts that have not changed.",
)
@click.option(
    "--max-false-alarms",
    "target",
    type=FALSE_ALARMS,
    metavar="NUMBER",
    help="Maximum false alarms per million lines; also used by later trainings.",
)
@runtime_options
@warehouse_option
@json_option
def train(
    preset: str | None,
    fetch: bool,
    seed: int | None,
    full: bool,
    target: float | None,
    runtime: Name | None,
    precision: Precision | None,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Train the router and the experts.

    They are published as one model, the champion. If there is a model already, only the experts of
    domains whose templates or labels have changed are trained, and the other domains keep their
    scores; --full trains everything.
    """
    from fame_sql.scoring.policy import store_target
    from fame_sql.training.training import train_students
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        if target is not None:
            store_target(opened, target)
        report = train_students(
            opened,
            config=chosen_config(opened, preset, fetch, seed),
            again=full,
            progress=terminal_progress(),
            runtime=chosen_runtime(runtime, precision),
        )
    if as_json:
        print_json(asdict(report))
    else:
        _print(report)


def _print(report: TrainingReport) -> None:
    result = "is trained and published" if report.trained else "is up to date: nothing has changed"
    click.echo(f"model {report.model_version} {result}")
    if report.trained:
        click.echo(report.summary())
    print_facts(
        [
            ("labelled events", report.labelled_events),
            ("domains", report.domains),
            ("experts", report.experts),
        ]
    )
    for name, step in report.resumed.items():
        remark(f"{name} was resumed from step {step}")
    for sentence in report.failed_fits:
        click.echo(sentence, err=True)
