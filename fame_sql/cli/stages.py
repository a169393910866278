"""The commands that run the stages."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from fame_sql.cli.output import (
    json_option,
    print_facts,
    print_json,
    terminal_progress,
    warehouse_option,
)
from fame_sql.console import printable
from fame_sql.errors import InputError


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    "--format",
    "format_",
    default="auto",
    show_default=True,
    help="How lines are written: auto, bgl, thunderbird, text or jsonl.",
)
@click.option(
    "--encoding",
    default=None,
    help="The files' encoding, for example latin-1.  [default: UTF-8, checked]",
)
@warehouse_option
@json_option
def ingest(
    files: tuple[Path, ...], format_: str, encoding: str | None, warehouse: Path, as_json: bool
) -> None:
    """Read log files into the warehouse, which is made if it is not there.

    A file that was read before adds nothing; of one that has grown, the new lines are read.
    """
    from fame_sql.ingest import ingest_file
    from fame_sql.warehouse import Warehouse

    _refuse_missing(files)
    made = not warehouse.exists()
    try:
        with Warehouse.open(warehouse, create=True) as opened:
            reports = [
                ingest_file(
                    opened, file, format=format_, encoding=encoding, progress=terminal_progress()
                )
                for file in files
            ]
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


def _refuse_missing(files: tuple[Path, ...]) -> None:
    for file in files:
        if not file.exists():
            raise InputError(f"there is no file {file}; check the name")


def _remove_if_empty(warehouse: Path) -> None:
    """Leave no warehouse behind where the first file was refused."""
    from fame_sql.warehouse import Warehouse

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
    from fame_sql.templates import mine as run
    from fame_sql.warehouse import Warehouse

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
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the training.")
@click.option("--again", is_flag=True, help="Train even if nothing has changed.")
@warehouse_option
@json_option
def train(seed: int, again: bool, warehouse: Path, as_json: bool) -> None:
    """Train the router and the experts, and publish them as the champion."""
    from fame_sql.students import StudentConfig
    from fame_sql.training import train_students
    from fame_sql.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        report = train_students(
            opened, config=StudentConfig(seed=seed), again=again, progress=terminal_progress()
        )
    if as_json:
        print_json(asdict(report))
        return
    what = "trained and published" if report.trained else "is up to date: nothing has changed"
    click.echo(f"model {report.model_version} {what}")
    print_facts(
        [
            ("labelled events", report.labelled_events),
            ("domains", report.domains),
            ("experts", report.experts),
        ]
    )
    if not report.anomalous_events:
        click.echo(
            "no label is anomalous, so no known message will be reported: judge some lines with "
            "'fame label export FILE'",
            err=True,
        )


@click.command()
@warehouse_option
@json_option
def score(warehouse: Path, as_json: bool) -> None:
    """Score every event that has no score yet."""
    from fame_sql.scoring import score_events
    from fame_sql.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        report = score_events(opened, progress=terminal_progress())
    if as_json:
        print_json(asdict(report))
        return
    click.echo(
        f"{report.scored} events scored by {report.model_version}; "
        f"{report.events} in all, standing for {report.lines} lines"
    )
