"""The command ``fame score``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.quiet import remark
from fame_sql.cli.options.spark import SparkOptions, spark_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.scoring.scoring import ScoringEstimate, ScoringReport
    from fame_sql.templates.answers import Answers

_NO_DRY_RUN = "--dry-run does not work with --engine spark: leave one of them out"


@click.command()
@click.option("--dry-run", is_flag=True, help="Print what scoring needs without scoring.")
@spark_options
@warehouse_option
@json_option
def score(dry_run: bool, spark: SparkOptions, warehouse: Path, as_json: bool) -> None:
    """Score every event that has no score yet.

    With --engine spark, score the lines of Parquet files with Spark instead. Verdicts are written
    beside the lines, so that a job that was stopped, or a later one, scores only new events. A
    warehouse in a lake is its own input and output: Spark reads its files, and the verdicts are
    stored there.
    """
    if spark.engine == "spark":
        _score_on_spark(spark, warehouse, dry_run=dry_run, as_json=as_json)
    else:
        _refuse_spark_options()
        _score_warehouse(warehouse, dry_run=dry_run, as_json=as_json)


def _refuse_spark_options() -> None:
    """Refuse the options of Spark where it is not asked for."""
    context = click.get_current_context()
    own = {"dry_run", "warehouse", "as_json", "engine"}
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in own
        and context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(f"{', '.join(given)}: only with --engine spark")


def _score_warehouse(warehouse: Path, *, dry_run: bool, as_json: bool) -> None:
    from fame_sql.scoring.scoring import estimate_scoring, score_events
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=dry_run) as opened:
        estimate = estimate_scoring(opened)
        if dry_run:
            print_json(asdict(estimate)) if as_json else click.echo(_needs(estimate))
            return
        if estimate.events:
            remark(_needs(estimate))
        report = score_events(opened, progress=terminal_progress())
        waiting = opened.value("SELECT count(*) FROM fame.label_queue") if report.scored else 0
    _print(report, as_json=as_json)
    if waiting and not as_json:
        remark(f"{waiting} new templates wait for an answer: 'fame queue' lists them")


def _print(report: ScoringReport, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(report))
        return
    click.echo(
        f"{report.scored} events scored by {report.model_version}; "
        f"{report.events} events in all, from {report.lines} lines"
    )


def _needs(estimate: ScoringEstimate) -> str:
    """Return the disk space and memory that scoring needs, in words."""
    return (
        f"{estimate.events} events to score, from {estimate.lines} lines: "
        f"at most {estimate.bytes_needed / 1e6:.1f} MB on disk and "
        f"{estimate.bytes_temporary / 1e6:.1f} MB in memory or temporary files; "
        f"{estimate.bytes_free / 1e6:,.0f} MB free"
    )


def _score_on_spark(spark: SparkOptions, warehouse: Path, *, dry_run: bool, as_json: bool) -> None:
    from fame_sql.warehouse.lake.address import is_lake_path

    if spark.master and is_lake_path(warehouse) and not (spark.source or spark.target):
        _score_lake(spark, warehouse, dry_run=dry_run, as_json=as_json)
        return
    if not (spark.master and spark.source and spark.target):
        raise InputError(
            "--engine spark needs --master, --input and --output; for example --master local[4] "
            "--input logs.parquet --output scored"
        )
    if dry_run:
        raise InputError(_NO_DRY_RUN)
    from fame_sql.spark import open_session, score_parquet

    settings = dict(_setting(text) for text in spark.conf)
    folder, answers = spark.model_folder, None
    if folder is None:
        folder, answers = _champion(warehouse)
    report = score_parquet(
        open_session(spark.master, settings),
        spark.source,
        spark.target,
        folder,
        message=spark.message,
        timestamp=spark.timestamp,
        replace=spark.replace,
        ship=spark.ship,
        answers=answers,
        progress=terminal_progress(),
    )
    if as_json:
        print_json(asdict(report))
        return
    click.echo(
        f"{report.scored} events scored by {report.model_version}; {report.events} events in all, "
        f"from {report.lines} lines of {report.days} days in {spark.target}"
    )


def _score_lake(spark: SparkOptions, warehouse: Path, *, dry_run: bool, as_json: bool) -> None:
    """Score the events of a lake on Spark."""
    if dry_run:
        raise InputError(_NO_DRY_RUN)
    if spark.model_folder is not None:
        raise InputError(
            "--model-folder is for Parquet files: a lake is scored by its champion; 'fame models "
            "promote' makes another model the champion"
        )
    from fame_sql.spark import open_session, score_lake

    session = open_session(str(spark.master), dict(_setting(text) for text in spark.conf))
    report = score_lake(session, warehouse, ship=spark.ship, progress=terminal_progress())
    _print(report, as_json=as_json)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise InputError(f"--conf {text!r} is not a setting; write NAME=VALUE")
    return name, value


def _champion(warehouse: Path) -> tuple[Path, Answers]:
    """Return the folder of a warehouse's champion, and the answers that decide over it."""
    from fame_sql.models import champion
    from fame_sql.templates.answers import read_answers
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        return champion(opened).folder, read_answers(opened.connection)
