"""The command ``fame evaluate``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.stream import StreamOptions, stream_options
from fame_sql.cli.options.study import StudyOptions, study_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_csv, print_json
from fame_sql.cli.stream import show_stream
from fame_sql.cli.study import show_study
from fame_sql.cli.tables import print_facts, print_table

if TYPE_CHECKING:
    from fame_sql.evaluation import Evaluation

_COLUMNS = (
    *("detector", "part", "lines", "anomalies", "precision", "recall", "F1", "found"),
    *("false alarms", "calibration error"),
)
_WITHOUT_STUDY = ("warehouse", "as_csv", "as_json", "as_stream")
_OF_STREAM = ("answers", "delay", "wrong", "blocks")
_SHARED = ("cuts", "seeds", "per_template")


@click.command()
@click.option(
    "--study",
    "as_study",
    is_flag=True,
    help="Study the method: train and judge every detector on several splits.",
)
@stream_options
@study_options
@warehouse_option
@form_options
def evaluate(
    as_study: bool, stream: StreamOptions, study: StudyOptions, warehouse: Path, form: Form
) -> None:
    """Compare verdicts with labels, next to baselines.

    Without --study, evaluate the champion on the lines after the split. With --study, evaluate
    the method: every detector is trained from scratch on each split, by time and with whole
    templates left out, in a warehouse that holds only the training lines. Results are kept beside
    the warehouse, and a study that was stopped can be resumed. With --stream, judge the lines of
    new templates after each cut one after another, from the past only, with --answers answers
    about new templates: how many anomalies they find, and what the same labels find otherwise.
    """
    _refuse_other_options(as_study, stream.as_stream)
    if as_study:
        show_study(warehouse, study, form)
        return
    if stream.as_stream:
        show_stream(warehouse, stream.plan(study), form)
        return
    from fame_sql.evaluation import evaluate as run
    from fame_sql.scoring.policy import measured_costs
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        evaluation = run(opened)
        policies = measured_costs(opened)
    if form == "json":
        print_json({**evaluation.to_dict(), "policies": policies})
    elif form == "csv":
        print_csv(_COLUMNS, _evaluation_rows(evaluation))
    else:
        print_evaluation(evaluation)
        _print_policies(policies)


def _refuse_other_options(as_study: bool, as_stream: bool) -> None:
    """Raise a usage error for an option that this kind of evaluation does not read."""
    if as_study and as_stream:
        raise click.UsageError("use either --study or --stream, not both")
    context = click.get_current_context()
    for option in context.command.params:
        name = str(option.name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not given or name in (*_WITHOUT_STUDY, "as_study"):
            continue
        if name in _OF_STREAM and not as_stream:
            raise click.UsageError(f"{option.opts[-1]} needs --stream: add it")
        if name not in _OF_STREAM and not as_study and not (as_stream and name in _SHARED):
            raise click.UsageError(f"{option.opts[-1]} needs --study: add it")


def print_evaluation(evaluation: Evaluation) -> None:
    """Print one row for each detector and each set of lines."""
    from fame_sql.evaluation import DETECTORS

    rows = [(f"{row[0]}, {row[1]}", *row[2:]) for row in _evaluation_rows(evaluation)]
    print_table((_COLUMNS[0], *_COLUMNS[2:]), rows)
    click.echo()
    print_facts((name, what) for name, (what, _) in DETECTORS.items())
    click.echo("  unseen: lines of templates that the model does not know")
    if evaluation.unscored:
        click.echo(f"  {evaluation.unscored} labelled lines have no score: run 'fame score'")
    if evaluation.answered:
        click.echo(f"  {evaluation.answered} lines are left out: their template was answered")


def _evaluation_rows(evaluation: Evaluation) -> Iterator[tuple[object, ...]]:
    for detector, parts in evaluation.outcomes.items():
        for part, outcome in parts.items():
            yield (
                detector,
                part,
                outcome.lines,
                outcome.anomalies,
                outcome.precision,
                outcome.recall,
                outcome.f1,
                outcome.true_positives,
                outcome.false_positives,
                outcome.calibration_error,
            )


def _print_policies(policies: list[dict[str, Any]]) -> None:
    click.echo()
    click.echo("each policy for unseen templates on these lines:")
    columns = [name.replace("_", " ") for name in policies[0]]
    print_table(columns, [list(policy.values()) for policy in policies])
