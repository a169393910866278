"""The commands that tell: how good the model is, and what the warehouse holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.output import json_option, print_facts, print_json, print_table, warehouse_option

if TYPE_CHECKING:
    from fame_sql.evaluation import Evaluation

_COLUMNS = ("detector", "lines", "anomalies", "precision", "recall", "F1", "found", "false alarms")


@click.command()
@warehouse_option
@json_option
def evaluate(warehouse: Path, as_json: bool) -> None:
    """Compare the champion with the labels of the lines after the split, beside baselines."""
    from fame_sql.evaluation import evaluate as run
    from fame_sql.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        evaluation = run(opened)
    if as_json:
        print_json(evaluation.to_dict())
        return
    print_evaluation(evaluation)


def print_evaluation(evaluation: Evaluation) -> None:
    """Print a row for each detector and each set of lines."""
    from fame_sql.evaluation import DETECTORS

    print_table(_COLUMNS, _evaluation_rows(evaluation))
    click.echo()
    print_facts((name, what) for name, (what, _) in DETECTORS.items())
    click.echo("  unseen: lines of templates that the model does not know")
    if evaluation.unscored:
        click.echo(f"  {evaluation.unscored} labelled lines have no score: run 'fame score'")


def _evaluation_rows(evaluation: Evaluation) -> Iterator[tuple[object, ...]]:
    for detector, parts in evaluation.outcomes.items():
        for part, outcome in parts.items():
            yield (
                f"{detector}, {part}",
                outcome.lines,
                outcome.anomalies,
                outcome.precision,
                outcome.recall,
                outcome.f1,
                outcome.true_positives,
                outcome.false_positives,
            )


@click.command()
@warehouse_option
@json_option
def status(warehouse: Path, as_json: bool) -> None:
    """Show what the warehouse holds and which stage comes next."""
    from fame_sql.pipeline import status as run
    from fame_sql.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        found = run(opened)
    if as_json:
        facts = {"model_version": found.model_version, "next": found.next_command}
        print_json({**found.counts, **facts})
        return
    print_facts((name.replace("_", " "), count) for name, count in found.counts.items())
    print_facts([("champion", found.model_version or "none")])
    click.echo(f"next: {found.next_command}")
