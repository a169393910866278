"""The command ``fame models show``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.models.facts import COUNTS, LISTED, PROMOTION, model_facts
from fame_sql.cli.options.output import force_option, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.options.wide import table_options
from fame_sql.cli.output import print_done, print_json
from fame_sql.cli.tables import print_facts, print_table
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.models import ModelRecord

_DETAILS = ("max_false_alarms", "runtime", "split", "config", "labels", "held_out", "training")
_SHORT = ("max_false_alarms", "runtime", "split", "config")


@click.command()
@click.argument("version")
@click.option("--card", "as_card", is_flag=True, help="Print the model card, in Markdown.")
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the model card as an HTML page.",
)
@force_option
@warehouse_option
@json_option
@table_options
def show(
    version: str, as_card: bool, html: Path | None, force: bool, warehouse: Path, as_json: bool
) -> None:
    """Show the training data, results and promotions of a model."""
    from fame_sql.models import find, promotions
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        record = find(opened, version)
        promoted = promotions(opened, record.model_version)
        facts = model_facts(opened, record)
    details = {name: record.metrics.get(name) for name in _DETAILS}
    if html is not None:
        _write_card(record, html, force=force, as_json=as_json)
    elif as_card:
        _print_card(record, as_json=as_json)
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


def _card(record: ModelRecord) -> str:
    """Return the card of a model whose folder has passed the check."""
    from fame_sql.models import check

    check(record.folder)
    return (record.folder / "README.md").read_text(encoding="utf-8")


def _write_card(record: ModelRecord, path: Path, *, force: bool, as_json: bool) -> None:
    from fame_sql.files import write_text
    from fame_sql.forensics.pages.card import html_card

    page = html_card(_card(record), record.model_version, record.metrics)
    write_text(path, page, force=force)
    print_done(f"the card is in {path}", {"file": str(path)}, as_json=as_json)


def _print_card(record: ModelRecord, *, as_json: bool) -> None:
    text = _card(record)
    if as_json:
        print_json({"card": text})
    else:
        click.echo("\n".join(map(printable, text.splitlines())))
