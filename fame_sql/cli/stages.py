"""The commands that run the stages."""

from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.encoder import config_asked, encoder_options
from fame_sql.cli.output import (
    json_option,
    print_facts,
    print_json,
    terminal_progress,
    warehouse_option,
)
from fame_sql.cli.runtime import runtime_asked, runtime_options
from fame_sql.cli.spark import SparkOptions, score_on_spark, spark_options
from fame_sql.console import printable
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.ingest import IngestReport
    from fame_sql.scoring.scoring import ScoringEstimate
    from fame_sql.students.network.runtimes import Name, Precision
    from fame_sql.warehouse.warehouse import Warehouse


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    "--format",
    "format_",
    default="auto",
    show_default=True,
    help="How lines are written: auto, bgl, thunderbird, jsonl, rfc5424, syslog, access, klog "
    "or text.",
)
@click.option(
    "--encoding",
    default=None,
    help="The files' encoding, for example latin-1.  [default: UTF-8, checked]",
)
@click.option(
    "--year",
    type=int,
    default=None,
    help="Of lines that do not say it, as syslog's.  [default: by the file's last change]",
)
@click.option(
    "--masks",
    metavar="NAME|FILE",
    default=None,
    help="What of numbers and paths a model reads, of a new warehouse: first-digit, "
    "whole-numbers, or a CSV file of masks.  [default: first-digit]",
)
@click.option(
    "--join-lines", is_flag=True, help="Lines without a header go on with the record before."
)
@warehouse_option
@json_option
def ingest(
    files: tuple[Path, ...],
    format_: str,
    encoding: str | None,
    year: int | None,
    join_lines: bool,
    masks: str | None,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Read log files into the warehouse, which is made if it is not there.

    A file that was read before adds nothing; of one that has grown, the new lines are read. Files
    may be packed with gzip, bzip2, xz or zstd; - is standard input.
    """
    from fame_sql.warehouse.masks import choose_masks, set_masks
    from fame_sql.warehouse.warehouse import Warehouse

    _refuse_missing(files)
    recipe = choose_masks(masks) if masks else None
    made = not warehouse.exists()
    try:
        with Warehouse.open(warehouse, create=True) as opened:
            if recipe:
                set_masks(opened, recipe)
            options = {
                "format": format_,
                "encoding": encoding,
                "year": year,
                "join_lines": join_lines,
            }
            reports = [_ingest(opened, file, options) for file in files]
    except InputError:
        if made:
            _remove_if_empty(warehouse)
        raise
    if as_json:
        print_json([asdict(report) for report in reports])
        return
    for report in reports:
        click.echo(f"{report.source_path}: {report.state}, {report.rows} lines ({report.format})")
        if report.errors:
            click.echo(f"  {report.errors} lines could not be parsed whole; they are kept:")
        for example in report.examples:
            click.echo(f"  line {example.line_number}: {printable(example.parse_error)}")


def _ingest(warehouse: Warehouse, file: Path, options: dict[str, Any]) -> IngestReport:
    from fame_sql.ingest import ingest_file, ingest_stream

    read = (
        partial(ingest_stream, warehouse, sys.stdin.buffer)
        if str(file) == "-"
        else partial(ingest_file, warehouse, file)
    )
    return read(**options, progress=terminal_progress())


def _refuse_missing(files: tuple[Path, ...]) -> None:
    for file in files:
        if str(file) != "-" and not file.exists():
            raise InputError(f"there is no file {file}; check the name")


def _remove_if_empty(warehouse: Path) -> None:
    """Leave no warehouse behind where the first file was refused."""
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        is_empty = opened.value("SELECT count(*) FROM fame.logs") == 0
    if is_empty:
        warehouse.unlink()


@click.command()
@click.option(
    "--split",
    "fraction",
    type=float,
    default=0.8,
    show_default=True,
    help="Learn from this share of the lines, the earliest; the rest is for evaluation.",
)
@warehouse_option
@json_option
def mine(fraction: float, warehouse: Path, as_json: bool) -> None:
    """Mine the templates of the training period, and freeze them."""
    from fame_sql.templates.mining import mine as run
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        report = run(opened, fraction=fraction, progress=terminal_progress())
    if as_json:
        print_json(asdict(report))
        return
    click.echo(f"{report.new} new templates, {report.total} in all")
    print_facts(
        [
            ("training lines", report.training_lines),
            ("canonical events", report.events),
            ("events that no template knows", report.unmatched),
        ]
    )


@click.command()
@encoder_options(default="the champion's, or compact")
@click.option("--seed", type=int, help="Seed of the training.  [default: the champion's, or 0]")
@click.option(
    "--full", "--again", "again", is_flag=True, help="Train everything, also what has not changed."
)
@click.option(
    "--max-false-alarms",
    "target",
    type=float,
    help="Aim at no more a million lines; kept for later, as by 'fame policy set'.",
)
@runtime_options
@warehouse_option
@json_option
def train(
    encoder: str | None,
    fetch: bool,
    seed: int | None,
    again: bool,
    target: float | None,
    runtime: Name | None,
    precision: Precision | None,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Train the router and the experts, and publish them as the champion.

    Where a model is there, only the experts of domains whose templates or labels have changed are
    trained, and the other domains keep their scores; with --full, everything is trained.
    """
    from fame_sql.scoring.policy import store_target
    from fame_sql.training.training import train_students
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        if target is not None:
            store_target(opened, target)
        report = train_students(
            opened,
            config=config_asked(opened, encoder, fetch, seed),
            again=again,
            progress=terminal_progress(),
            runtime=runtime_asked(runtime, precision),
        )
    if as_json:
        print_json(asdict(report))
        return
    what = "trained and published" if report.trained else "is up to date: nothing has changed"
    click.echo(f"model {report.model_version} {what}")
    if report.trained:
        click.echo(report.told())
    print_facts(
        [
            ("labelled events", report.labelled_events),
            ("domains", report.domains),
            ("experts", report.experts),
        ]
    )
    for name, step in report.resumed.items():
        click.echo(f"{name} went on from step {step}, where it had been stopped", err=True)
    if not report.anomalous_events:
        click.echo(
            "no label is anomalous, so no known message will be reported: judge some lines with "
            "'fame label export FILE'",
            err=True,
        )


@click.command()
@click.option("--dry-run", is_flag=True, help="Tell what scoring would take; score nothing.")
@spark_options
@warehouse_option
@json_option
def score(dry_run: bool, warehouse: Path, as_json: bool, **asked: Any) -> None:
    """Score every event that has no score yet.

    With --engine spark, score every line of a Parquet table on Spark instead: verdicts are kept
    beside the lines, so that a job that was stopped, or a later day's, scores what is new.
    """
    options = SparkOptions(**asked)
    if options.engine == "spark":
        score_on_spark(options, warehouse, dry_run=dry_run, as_json=as_json)
        return
    from fame_sql.scoring.scoring import estimate_scoring, score_events
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=dry_run) as opened:
        estimate = estimate_scoring(opened)
        if dry_run:
            print_json(asdict(estimate)) if as_json else click.echo(_needs(estimate))
            return
        if estimate.events:
            click.echo(_needs(estimate), err=True)
        report = score_events(opened, progress=terminal_progress())
    if as_json:
        print_json(asdict(report))
        return
    click.echo(
        f"{report.scored} events scored by {report.model_version}; "
        f"{report.events} in all, standing for {report.lines} lines"
    )


def _needs(estimate: ScoringEstimate) -> str:
    """Say what scoring takes, before it starts."""
    return (
        f"{estimate.events} events to score, standing for {estimate.lines} lines: "
        f"at most {estimate.bytes_needed / 1e6:.1f} MB on disk and "
        f"{estimate.bytes_temporary / 1e6:.1f} MB in memory or temporary files; "
        f"{estimate.bytes_free / 1e6:,.0f} MB free"
    )
