"""The command ``fame dbt init``."""

from __future__ import annotations

from pathlib import Path

import click

from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json


@click.group()
def dbt() -> None:
    """Build dbt models of scored logs."""


@dbt.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("fame_dbt"))
@warehouse_option
@click.option(
    "--package",
    metavar="PATH|URL",
    show_default="the one in fame-sql",
    help="Folder or git address of the dbt package.",
)
@click.option(
    "--revision",
    metavar="NAME",
    default="main",
    show_default=True,
    help="Branch, tag or commit at the git address.",
)
@click.option(
    "--subdirectory",
    metavar="PATH",
    default="dbt_project",
    show_default=True,
    help="Folder of the package in the git repository; '.' for its root.",
)
@json_option
def init(
    folder: Path,
    warehouse: Path,
    package: str | None,
    revision: str,
    subdirectory: str,
    as_json: bool,
) -> None:
    """Write a dbt project and profile for the warehouse.

    They are written to FOLDER, by default ./fame_dbt.
    """
    from fame_sql.dbt.project import PACKAGE, write_project
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        published = bool(opened.value("SELECT count(*) FROM fame.champion"))
    write_project(folder, warehouse, package or str(PACKAGE), revision, subdirectory)
    if as_json:
        print_json({"folder": str(folder), "has_model": published})
        return
    click.echo(f"wrote a dbt project for {warehouse} to {folder}; next:\n")
    click.echo(f"  cd {folder}\n  dbt deps\n  dbt build")
    if not published:
        click.echo(
            f"\nno model is published: run 'fame compile --warehouse {warehouse}' before dbt build"
        )
