"""The command ``fame models export``."""

from __future__ import annotations

from pathlib import Path

import click

from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_done


@click.command()
@click.argument("version")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--no-examples",
    is_flag=True,
    help="Leave out the texts of labelled events; scores and version stay the same.",
)
@warehouse_option
@json_option
def export(version: str, folder: Path, no_examples: bool, warehouse: Path, as_json: bool) -> None:
    """Copy a model to a folder.

    The folder can be used with fame_sql.register(connection, model=FOLDER). The templates, the
    tokenizer and the lexical head also contain words of the log; the model card says what a folder
    reveals.
    """
    from fame_sql.models import export as run
    from fame_sql.models import find
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        record = find(opened, version)
    run(record.folder, folder, examples=not no_examples)
    facts = {"model_version": record.model_version, "folder": str(folder)}
    print_done(f"model {record.model_version} is in {folder}", facts, as_json=as_json)
