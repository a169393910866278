"""The command that shows the whole way once."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.output import (
    json_option,
    print_facts,
    print_json,
    print_table,
    terminal_progress,
)
from fame_sql.cli.reports import print_evaluation

if TYPE_CHECKING:
    from fame_sql.pipeline.demo import DemoReport

_WIDTH = 60


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="A log with a label column.")
@click.option("--format", "format_", default="auto", show_default=True, help="How it is written.")
@click.option("--lines", type=int, default=20_000, show_default=True, help="Lines to simulate.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the simulation.")
@click.option(
    "--warehouse",
    type=click.Path(path_type=Path),
    envvar="FAME_WAREHOUSE",
    default="demo.duckdb",
    show_default="$FAME_WAREHOUSE, then ./demo.duckdb",
    help="Where to build the warehouse.",
)
@json_option
def demo(
    data: Path | None, format_: str, lines: int, seed: int, warehouse: Path, as_json: bool
) -> None:
    """Build a warehouse from a log, simulated or yours, and show what comes out."""
    from fame_sql.pipeline.demo import run_demo

    report = run_demo(
        warehouse,
        data=data,
        format=format_,
        lines=lines,
        seed=seed,
        progress=terminal_progress(),
        on_stage=_tell_stage,
    )
    if as_json:
        print_json(_to_dict(report))
    else:
        _print(report)


def _tell_stage(stage: str, seconds: float) -> None:
    click.echo(f"{stage}: {seconds:.1f} s", err=True)


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
        click.echo("\nOn the later part of the log, which nothing above has looked at")
        print_evaluation(report.evaluation)
        everything = report.evaluation.outcomes["fame"]
        click.echo(
            f"  {everything['unseen'].anomalies} of {everything['all'].anomalies} anomalous lines "
            "come from templates never seen in training"
        )
    _print_worst(report)
    _print_next(report)


def _print_counts(report: DemoReport) -> None:
    labels, summary = report.labels, report.summary
    click.echo("\nThe log")
    print_facts((name.replace("_", " "), count) for name, count in summary.items())
    share = labels.lines_available / labels.labels if labels.labels else 0
    print_facts(
        [
            (
                "labels spent",
                f"{labels.labels} of {labels.lines_available} lines (1 in {share:.0f})",
            ),
            (
                "templates by label",
                f"{labels.normal_templates} normal, {labels.anomalous_templates} anomalous, "
                f"{labels.mixed_templates} mixed, {labels.unlabelled_templates} unlabelled",
            ),
            (
                "events labelled both ways",
                f"{labels.conflicting_events} (the masks erase what decides them)"
                if labels.conflicting_events
                else "0",
            ),
        ]
    )


def _print_worst(report: DemoReport) -> None:
    click.echo("\nThe worst lines of the later part, one for each event")
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
    click.echo(f"\nThe warehouse is {report.warehouse}. Ask it:")
    for statement in QUERIES:
        words = [program, "query", "--warehouse", str(report.warehouse), statement]
        click.echo("  " + shlex.join(words))
