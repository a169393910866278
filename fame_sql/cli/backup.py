"""The command that copies a warehouse."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from fame_sql.cli.options.output import force_option, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress


@click.command()
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@force_option
@warehouse_option
@json_option
def backup(target: Path, force: bool, warehouse: Path, as_json: bool) -> None:
    """Copy the warehouse and its models.

    Others can read the warehouse meanwhile. The copy is a warehouse: to go back to it, name it with
    --warehouse, or move the file and its folder of models to the place of the damaged ones.
    """
    from fame_sql.warehouse.backup import back_up

    made = back_up(warehouse, target, force=force, progress=terminal_progress())
    if as_json:
        models = None if made.models is None else str(made.models)
        print_json({**asdict(made), "path": str(made.path), "models": models})
        return
    beside = "" if made.models is None else f", its models in {made.models}"
    click.echo(f"{warehouse} is copied to {made.path} ({made.bytes:,} bytes){beside}")
