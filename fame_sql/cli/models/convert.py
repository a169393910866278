"""The command ``fame models convert``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.author import author_option_with_former_name
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.reason import reason_option
from fame_sql.cli.options.runtime import PRECISION_HELP, PRECISIONS, RUNTIMES
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json

if TYPE_CHECKING:
    from fame_sql.students.runtime import Name, Precision


@click.command()
@click.argument("version")
@click.option("--runtime", type=RUNTIMES, required=True, help="Runtime of the new model.")
@click.option(
    "--precision",
    type=PRECISIONS,
    default="float32",
    show_default=True,
    help=PRECISION_HELP,
)
@click.option("--promote", is_flag=True, help="Make the new model the champion.")
@author_option_with_former_name
@reason_option("Reason to record; needed with --promote.")
@warehouse_option
@json_option
def convert(
    version: str,
    runtime: Name,
    precision: Precision,
    promote: bool,
    author: str | None,
    reason: str | None,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Copy a model to another runtime: torch or ONNX Runtime.

    Nothing is trained. Because scores can differ in their last digit, the copy is a model of its
    own: a candidate, unless --promote is given.
    """
    if promote and not (reason or "").strip():
        raise click.UsageError("--promote needs a reason: --reason REASON")
    from fame_sql.students.runtime import Runtime
    from fame_sql.training.conversion import convert as run
    from fame_sql.warehouse.warehouse import Warehouse

    wanted = Runtime(runtime, precision)
    with Warehouse.open(warehouse) as opened:
        made = run(opened, version, wanted, promote=promote, author=author, reason=reason)
    if as_json:
        print_json({"model_version": made.model_version, "stage": made.stage, **made.metrics})
    elif made.stage == "champion":
        click.echo(f"model {made.model_version}, on {wanted}, is the champion")
        click.echo("its events have no scores yet: run 'fame score'")
    else:
        click.echo(f"model {made.model_version}, on {wanted}, is a {made.stage}")
        click.echo(f"to use it, run 'fame models promote {made.model_version} --reason REASON'")
