"""The command ``fame models show``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.models.facts import COUNTS, LISTED, PROMOTION, model_facts
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.tables import print_facts, print_table
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.models import ModelRecord

_DETAILS = ("max_false_alarms", "runtime", "split", "config", "labels", "held_out", "training")
_SHORT = ("max_false_alarms", "runtime", "split", "config")


@click.command()
@click.argument("version")
@click.option("--card", "as_card", is_flag=True, help="Print the model card, in Markdown.")
@warehouse_option
@json_option
def show(version: str, as_card: bool, warehouse: Path, as_json: bool) -> None:
    """Show the training data, results and promotions of a model."""
    from fame_sql.models import find, promotions
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        record = find(opened, version)
        promoted = promotions(opened, record.model_version)
        facts = model_facts(opened, record)
    details = {name: record.metrics.get(name) for name in _DETAILS}
    if as_card:
        _print_card(record)
    elif as_json:
        print_json({**facts, **details, "promotions": promoted})
    else:
        _print(facts, details, promoted)


def _print(facts: dict[str, Any], details: dict[str, Any], promoted: list[dict[str, Any]]) -> None:
    print_facts((name, facts[name]) for name in (*LISTED[:3], "folder", "megabytes", *COUNTS))
    print_facts(
        (name.replace("_", " "), json.dumps(details[name]))
        for name in _SHORT
        if details[name] is not None
    )
    for title, columns, rows in _tables(details, promoted):
        click.echo(title)
        print_table(columns, rows)


def _tables(
    details: dict[str, Any], promoted: list[dict[str, Any]]
) -> Iterator[tuple[str, tuple[str, ...], list[list[object]]]]:
    """Yield title, columns and rows of each table: labels, held-out results, promotions."""
    if details["labels"] is not None:
        columns = ("source", "author", "lines", "anomalous")
        yield "labels", columns, [[given[name] for name in columns] for given in details["labels"]]
    if details["held_out"] is not None:
        parts = ("known", "unseen")
        names = details["held_out"]["known"]
        rows = [[name, *(details["held_out"][part][name] for part in parts)] for name in names]
        yield "on labelled events that were held out of training", ("figure", *parts), rows
    rows = [[row[name] for name in PROMOTION] for row in promoted]
    yield "promotions", PROMOTION, rows


def _print_card(record: ModelRecord) -> None:
    """Print the card of a model whose folder has passed the check."""
    from fame_sql.models import check

    check(record.folder)
    text = (record.folder / "README.md").read_text(encoding="utf-8")
    click.echo("\n".join(map(printable, text.splitlines())))
