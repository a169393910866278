"""The command that gives a model another runtime, and the options that choose one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fame_sql.cli.output import json_option, print_json, warehouse_option

if TYPE_CHECKING:
    from fame_sql.students.network.runtimes import Name, Precision, Runtime

F = TypeVar("F", bound=Callable[..., Any])

_NAMES = click.Choice(["torch", "onnx"])
_PRECISIONS = click.Choice(["float32", "bfloat16"])


def runtime_options(command: F) -> F:
    """Add ``--runtime`` and ``--precision``; without them a model runs as the champion does."""
    for option in (
        click.option(
            "--precision",
            type=_PRECISIONS,
            help="Of torch on a CUDA device; on a CPU it is always float32.",
        ),
        click.option(
            "--runtime",
            type=_NAMES,
            help="What runs the model: torch, or ONNX Runtime, quicker on a CPU and without "
            "torch. As the champion, unless given.",
        ),
    ):
        command = option(command)
    return command


def runtime_asked(name: Name | None, precision: Precision | None) -> Runtime | None:
    """Return the runtime that options ask for; None if they ask for none."""
    from fame_sql.students.network.runtimes import Runtime

    if name is None and precision is None:
        return None
    return Runtime(name or "torch", precision or "float32")


@click.command()
@click.argument("version")
@click.option("--runtime", type=_NAMES, required=True, help="What is to run the new model.")
@click.option(
    "--precision",
    type=_PRECISIONS,
    default="float32",
    show_default=True,
    help="Of torch on a CUDA device; on a CPU it is always float32.",
)
@click.option("--promote", is_flag=True, help="Make the new model the champion.")
@click.option("--by", "author", help="Who wants it.  [default: the user's name]")
@click.option("--why", "reason", help="Why; with --promote it must be said.")
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
    """Make a model that is like another, on another runtime: torch or ONNX Runtime.

    Nothing is trained. Scores may differ in their last digit, so it is a model of its own, a
    candidate unless --promote is given.
    """
    if promote and not (reason or "").strip():
        raise click.UsageError("--promote needs a reason: --why TEXT")
    from fame_sql.students.network.runtimes import Runtime
    from fame_sql.training.conversion import convert as run
    from fame_sql.warehouse.warehouse import Warehouse

    wanted = Runtime(runtime, precision)
    with Warehouse.open(warehouse) as opened:
        made = run(opened, version, wanted, promote=promote, author=author, reason=reason)
    if as_json:
        print_json({"model_version": made.model_version, "stage": made.stage, **made.metrics})
        return
    article = "the" if made.stage == "champion" else "a"
    click.echo(f"model {made.model_version}, on {wanted}, is {article} {made.stage}")
    if made.stage == "champion":
        click.echo("its events have no scores yet: run 'fame score'")
    else:
        click.echo(f"put it in force with 'fame models promote {made.model_version}'")
