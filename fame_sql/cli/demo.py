"""The command ``fame demo``."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.evaluate import print_evaluation
from fame_sql.cli.options.numbers import MOST, SEED
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.quiet import remark
from fame_sql.cli.options.reading import remove_if_empty
from fame_sql.cli.options.warehouse import warehouse_at
from fame_sql.cli.options.wide import table_options
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import print_facts, print_table

if TYPE_CHECKING:
    from fame_sql.pipeline.demo import DemoReport

_WIDTH = 60
_LEAST_LINES = 100
"""With fewer, a simulated log may hold no anomaly to learn from."""


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FILE",
    show_default="a simulated log",
    help="Log with a label column.",
)
@click.option(
    "--format",
    "format_",
    metavar="NAME",
    default="auto",
    show_default=True,
    help="Log format of the file.",
)
@click.option(
    "--lines",
    type=click.IntRange(_LEAST_LINES, MOST),
    metavar="NUMBER",
    default=20_000,
    show_default=True,
    help="Log lines to simulate.",
)
@click.option(
    "--seed",
    type=SEED,
    metavar="NUMBER",
    default=0,
    show_default=True,
    help="Seed of the simulation.",
)
@warehouse_at("demo.duckdb")
@json_option
@table_options
def demo(
    data: Path | None, format_: str, lines: int, seed: int, warehouse: Path, as_json: bool
) -> None:
    """Build a warehouse from a sample log and show the results.

    The log is simulated unless --data names one of your own.
    """
    from fame_sql.pipeline.demo import run_demo

    is_new = not warehouse.exists()
    try:
        report = run_demo(
            warehouse,
            data=data,
            format=format_,
            lines=lines,
            seed=seed,
            progress=terminal_progress(),
            on_stage=_print_stage,
        )
    finally:
        if is_new:
            remove_if_empty(warehouse)
    if as_json:
        print_json(_to_dict(report))
    else:
        _print(report)


def _print_stage(stage: str, seconds: float) -> None:
    remark(f"{stage}: {seconds:.1f} s")


def _to_dict(report: DemoReport) -> dict[str, object]:
    facts = asdict(report)
    facts["warehouse"] = str(report.warehouse)
    facts["evaluation"] = report.evaluation.to_dict() if report.evaluation else None
    return facts


def _print(report: DemoReport) -> None:
    _print_counts(report)
    click.echo("\nFailure domains")
    columns = ("domain", "kind", "templates")
    print_table(columns, [[row[c] for c in columns] for row in report.domains])
    if report.evaluation is not None:
        click.echo("\nEvaluation on the later part of the log, which was not used for training")
        print_evaluation(report.evaluation)
        outcome = report.evaluation.outcomes["fame"]
        click.echo(
            f"  {outcome['unseen'].anomalies} of {outcome['all'].anomalies} anomalous lines "
            "come from templates that training has not seen"
        )
    _print_worst(report)
    _print_next(report)


def _print_counts(report: DemoReport) -> None:
    labels, summary = report.labels, report.summary
    click.echo("\nThe log")
    print_facts((name.replace("_", " "), count) for name, count in summary.items())
    share = labels.lines_available / labels.labels if labels.labels else 0
    both = str(labels.conflicting_events)
    print_facts(
        [
            (
                "labels used",
                f"{labels.labels} of {labels.lines_available} lines (1 in {share:.0f})",
            ),
            (
                "templates by label",
                f"{labels.normal_templates} normal, {labels.anomalous_templates} anomalous, "
                f"{labels.mixed_templates} mixed, {labels.unlabelled_templates} unlabelled",
            ),
            (
                "events with both labels",
                f"{both} (masks hide what tells them apart)" if labels.conflicting_events else both,
            ),
        ]
    )


def _print_worst(report: DemoReport) -> None:
    click.echo("\nThe lines of the later part with the highest scores, one for each event")
    columns = ("score", "lines", "domain", "template known", "message", "template")
    rows = [
        (
            row["score"],
            row["lines"],
            row["domain"],
            row["known_template"],
            _short(row["message"]),
            _short(row["template"]),
        )
        for row in report.worst
    ]
    print_table(columns, rows)


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _print_next(report: DemoReport) -> None:
    from fame_sql.pipeline.demo import QUERIES

    program = "fame" if shutil.which("fame") else sys.argv[0]
    click.echo(f"\nThe warehouse is {report.warehouse}. Queries to try:")
    for statement in QUERIES:
        words = [program, "query", "--warehouse", str(report.warehouse), statement]
        click.echo("  " + shlex.join(words))
