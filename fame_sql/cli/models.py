"""The commands on published models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql import sql
from fame_sql.cli.comparison import compare
from fame_sql.cli.output import json_option, print_facts, print_json, print_table, warehouse_option
from fame_sql.cli.runtime import convert
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.models import ModelRecord
    from fame_sql.warehouse.warehouse import Warehouse

_COUNTS = ("labelled_events", "anomalous_events", "domains", "experts")
_LISTED = (
    *("model_version", "stage", "created_at", "labelled_events", "domains", "experts"),
    *("megabytes", "promoted_at", "author", "reason"),
)
_PROMOTION = ("promoted_at", "author", "reason")


@click.group("models")
def models() -> None:
    """List, show, compare, promote and export trained models."""


models.add_command(compare)
models.add_command(convert)


@models.command("list")
@warehouse_option
@json_option
def list_models(warehouse: Path, as_json: bool) -> None:
    """List the models, the newest first, with their last promotion: when, by whom and why."""
    from fame_sql.models import models as read
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        found = [_listed(opened, record) for record in read(opened)]
    if as_json:
        print_json(found)
        return
    print_table(_LISTED, [[row[name] for name in _LISTED] for row in found])


@models.command()
@click.argument("version")
@click.option("--card", "as_card", is_flag=True, help="Print the model card, in Markdown.")
@warehouse_option
@json_option
def show(version: str, as_card: bool, warehouse: Path, as_json: bool) -> None:
    """Show one model: what it was trained from, how it did, and who promoted it why."""
    from fame_sql.models import find, promotions
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        record = find(opened, version)
        promoted = promotions(opened, record.model_version)
        facts = _listed(opened, record)
    if as_card:
        _print_card(record)
    elif as_json:
        print_json({**facts, **_details(record), "promotions": promoted})
    else:
        _print_model(facts, record, promoted)


@models.command()
@click.argument("version")
@click.option("--by", "author", help="Who wants it.  [default: the user's name]")
@click.option("--why", "reason", required=True, help="Why.")
@warehouse_option
def promote(version: str, author: str | None, reason: str, warehouse: Path) -> None:
    """Make a model the champion again; its stored scores are in force at once."""
    from fame_sql.models import promote as run
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        record = run(opened, version, author=author, reason=reason)
        unscored = opened.value(sql.load("scoring/count_unscored"))
    click.echo(f"model {record.model_version} is the champion")
    if unscored:
        click.echo(f"{unscored} events have no score from it: run 'fame score'")


@models.command()
@click.argument("version")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--no-examples",
    is_flag=True,
    help="Leave out the labelled events' texts; scores and version stay.",
)
@warehouse_option
def export(version: str, folder: Path, no_examples: bool, warehouse: Path) -> None:
    """Copy a model's folder, to be used with fame_sql.register(connection, model=FOLDER).

    Templates, tokenizer and lexical head hold words of the log as well: the model card says what a
    folder reveals.
    """
    from fame_sql.models import export as run
    from fame_sql.models import find
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        record = find(opened, version)
    run(record.folder, folder, examples=not no_examples)
    click.echo(f"model {record.model_version} is in {folder}")


def _listed(warehouse: Warehouse, record: ModelRecord) -> dict[str, Any]:
    """Return a model in one row; no size where its folder is gone."""
    from fame_sql.models import promotions, size_of

    promoted = promotions(warehouse, record.model_version)
    last = promoted[-1] if promoted else dict.fromkeys(_PROMOTION)
    size = size_of(record.folder) or None
    return {
        "model_version": record.model_version,
        "stage": record.stage,
        "created_at": str(record.created_at)[:19],
        "folder": str(record.folder),
        "bytes": size,
        "megabytes": None if size is None else round(size / 1e6, 2),
        **{name: record.metrics.get(name) for name in _COUNTS},
        "promoted_at": str(last["promoted_at"])[:19] if promoted else None,
        "author": last["author"],
        "reason": last["reason"],
    }


def _details(record: ModelRecord) -> dict[str, Any]:
    names = ("max_false_alarms", "runtime", "split", "config", "labels", "held_out", "training")
    return {name: record.metrics.get(name) for name in names}


def _print_model(
    facts: dict[str, Any], record: ModelRecord, promoted: list[dict[str, Any]]
) -> None:
    print_facts((name, facts[name]) for name in (*_LISTED[:3], "folder", "megabytes", *_COUNTS))
    details = _details(record)
    print_facts(
        (name.replace("_", " "), json.dumps(value))
        for name, value in details.items()
        if name in ("max_false_alarms", "runtime", "split", "config") and value is not None
    )
    for title, columns, rows in _tables(details, promoted):
        click.echo(title)
        print_table(columns, rows)


def _tables(
    details: dict[str, Any], promoted: list[dict[str, Any]]
) -> Iterator[tuple[str, tuple[str, ...], list[list[object]]]]:
    """Yield what is told of a model in tables: labels, held-out figures, promotions."""
    if details["labels"] is not None:
        columns = ("source", "author", "lines", "anomalous")
        yield "labels", columns, [[given[name] for name in columns] for given in details["labels"]]
    if details["held_out"] is not None:
        parts = ("known", "unseen")
        names = details["held_out"]["known"]
        rows = [[name, *(details["held_out"][part][name] for part in parts)] for name in names]
        yield "on labelled events that it did not learn from", ("figure", *parts), rows
    rows = [[row[name] for name in _PROMOTION] for row in promoted]
    yield "promotions", _PROMOTION, rows


def _print_card(record: ModelRecord) -> None:
    """Print the card, after checking the folder: a changed one is nobody's."""
    from fame_sql.models import check

    check(record.folder)
    text = (record.folder / "README.md").read_text(encoding="utf-8")
    click.echo("\n".join(map(printable, text.splitlines())))
