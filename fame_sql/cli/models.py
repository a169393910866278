"""The commands on published models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.output import json_option, print_facts, print_json, print_table, warehouse_option
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.registry import ModelRecord


@click.group("models")
def models() -> None:
    """List, show, promote and export trained models."""


@models.command("list")
@warehouse_option
@json_option
def list_models(warehouse: Path, as_json: bool) -> None:
    """List the models, the newest first."""
    from fame_sql.registry import models as read
    from fame_sql.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        found = read(opened)
    if as_json:
        print_json([_facts(record) for record in found])
        return
    columns = ("model_version", "stage", "created_at", "labelled_events", "domains", "experts")
    print_table(columns, [[_facts(record).get(name) for name in columns] for record in found])


def _facts(record: ModelRecord) -> dict[str, Any]:
    return {
        "model_version": record.model_version,
        "stage": record.stage,
        "created_at": str(record.created_at)[:19],
        "folder": str(record.folder),
        **{name: record.metrics.get(name) for name in ("labelled_events", "domains", "experts")},
        "split": record.metrics.get("split"),
        "config": record.metrics.get("config"),
    }


@models.command()
@click.argument("version")
@warehouse_option
@json_option
def show(version: str, warehouse: Path, as_json: bool) -> None:
    """Show one model: what it was trained from, and who promoted it why."""
    from fame_sql.registry import find
    from fame_sql.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        record = find(opened, version)
        promotions = opened.records(
            "SELECT promoted_at, author, reason FROM fame.promotions WHERE model_version = ? "
            "ORDER BY promoted_at",
            [record.model_version],
        )
    if as_json:
        print_json({**_facts(record), "promotions": promotions})
        return
    facts = _facts(record)
    print_facts((name, value) for name, value in facts.items() if not isinstance(value, dict))
    print_facts((name, json.dumps(facts[name])) for name in ("split", "config"))
    click.echo("promotions")
    columns = ("promoted_at", "author", "reason")
    print_table(columns, [[row[name] for name in columns] for row in promotions])


@models.command()
@click.argument("version")
@click.option("--by", "author", help="Who wants it.")
@click.option("--why", "reason", help="Why.")
@warehouse_option
def promote(version: str, author: str | None, reason: str | None, warehouse: Path) -> None:
    """Make a model the champion again; its stored scores are in force at once."""
    from fame_sql.registry import promote as run
    from fame_sql.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        record = run(opened, version, author=author, reason=reason)
        unscored = opened.value(
            "SELECT count(*) FROM fame.events "
            "WHERE event_id NOT IN (SELECT event_id FROM fame.verdicts)"
        )
    click.echo(f"model {record.model_version} is the champion")
    if unscored:
        click.echo(f"{unscored} events have no score from it: run 'fame score'")


@models.command()
@click.argument("version")
@click.argument("folder", type=click.Path(path_type=Path))
@warehouse_option
def export(version: str, folder: Path, warehouse: Path) -> None:
    """Copy a model's folder, to be used with fame_sql.register(connection, model=FOLDER)."""
    from fame_sql.registry import check, find
    from fame_sql.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        record = find(opened, version)
    check(record.folder)
    if folder.exists():
        raise InputError(f"{folder} exists already: name a new folder")
    shutil.copytree(record.folder, folder)
    click.echo(f"model {record.model_version} is in {folder}")
