"""The commands that tell: how good the model is, and what the warehouse holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from fame_sql.cli.encoder import encoder_options
from fame_sql.cli.output import json_option, print_facts, print_json, print_table, warehouse_option

if TYPE_CHECKING:
    from fame_sql.evaluation import Evaluation

_COLUMNS = (
    *("detector", "lines", "anomalies", "precision", "recall", "F1", "found", "false alarms"),
    "calibration error",
)


@click.command()
@click.option("--study", "as_study", is_flag=True, help="Study the method on splits without leaks.")
@click.option("--cuts", default="0.5,0.6,0.7,0.8", show_default=True, help="Splits by time.")
@click.option("--folds", type=int, default=4, show_default=True, help="Folds of whole templates.")
@click.option("--seeds", type=int, default=5, show_default=True, help="Seeds of training.")
@click.option("-k", "--k", "per_template", default="20", show_default=True, help="K, or several.")
@click.option(
    "--weighting",
    type=click.Choice(["lines", "distinct", "categories"]),
    default="lines",
    show_default=True,
    help="What the table counts: lines, distinct events, or alert categories alike.",
)
@click.option(
    "--lines",
    "part",
    type=click.Choice(["all", "seen", "unseen", "unseen-categories"]),
    help="Which lines the table shows: all, of templates seen or unseen in training, or of unseen "
    "alert categories.  [default: each]",
)
@click.option("--label-curve", is_flag=True, help="Ways to choose labels compared, for every K.")
@click.option("--detectors", help="Only these, separated by semicolons.  [default: all]")
@encoder_options(default="compact")
@click.option("--html", type=click.Path(path_type=Path), help="Write the study as a page.")
@warehouse_option
@json_option
def evaluate(
    as_study: bool,
    cuts: str,
    folds: int,
    seeds: int,
    per_template: str,
    weighting: str,
    part: str | None,
    label_curve: bool,
    detectors: str | None,
    encoder: str | None,
    fetch: bool,
    html: Path | None,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Compare verdicts with labels, beside baselines.

    Without --study, the champion on the lines after the split. With it, the method itself: every
    detector is trained anew on each split, by time and with whole templates left out, in a
    warehouse that holds nothing else; what was found is kept beside the warehouse, and a study
    that was stopped goes on.
    """
    if as_study:
        from fame_sql.cli.study import StudyChoices, show_study

        choices = StudyChoices(
            cuts,
            per_template,
            folds,
            seeds,
            detectors,
            weighting,
            label_curve,
            html,
            part and part.replace("-", " "),
            encoder,
            fetch,
        )
        show_study(warehouse, choices, as_json)
        return
    _refuse_options_of_the_study()
    from fame_sql.evaluation import evaluate as run
    from fame_sql.scoring.policy import measured_costs
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        evaluation = run(opened)
        policies = measured_costs(opened)
    if as_json:
        print_json({**evaluation.to_dict(), "policies": policies})
        return
    print_evaluation(evaluation)
    click.echo()
    click.echo("what each policy for unseen templates does on these lines:")
    print_table(
        [name.replace("_", " ") for name in policies[0]], [list(p.values()) for p in policies]
    )


def _refuse_options_of_the_study() -> None:
    """Refuse what only a study reads, instead of leaving it unread."""
    context = click.get_current_context()
    for option in context.command.params:
        given = context.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if given and option.name not in ("warehouse", "as_json"):
            raise click.UsageError(f"{option.opts[-1]} goes with --study: add it")


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
                outcome.calibration_error,
            )


@click.command()
@warehouse_option
@json_option
def status(warehouse: Path, as_json: bool) -> None:
    """Show what the warehouse holds and which stage comes next."""
    from fame_sql.pipeline.pipeline import status as run
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        found = run(opened)
    if as_json:
        facts = {"model_version": found.model_version, "next": found.next_command}
        print_json({**found.counts, **facts})
        return
    print_facts((name.replace("_", " "), count) for name, count in found.counts.items())
    print_facts([("champion", found.model_version or "none")])
    click.echo(f"next: {found.next_command}")
