"""The commands on a language model: trying an endpoint, and what was asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql import sql
from fame_sql.cli.language_model import ModelOptions, model_options, print_plan
from fame_sql.cli.output import json_option, print_json, print_table, warehouse_option

if TYPE_CHECKING:
    from fame_sql.llm.ledger import Ledger


@click.group()
def llm() -> None:
    """Try an endpoint, share the ledger of a pass, and read its bill."""


@llm.command()
@model_options
@json_option
def check(asked: ModelOptions, as_json: bool) -> None:
    """Ask a trial question of an endpoint; only that question is sent."""
    import tempfile

    from fame_sql.llm.answers import CheckAnswer
    from fame_sql.llm.prompts import CHECK
    from fame_sql.warehouse.warehouse import Warehouse

    with (
        tempfile.TemporaryDirectory() as folder,
        Warehouse.open(Path(folder) / "check.duckdb", create=True) as opened,
    ):
        model = asked.open(opened)
        request = model.request("check", CHECK, [], CheckAnswer, 10)
        if asked.dry_run:
            print_plan(model, [request], [], as_json=as_json)
            return
        model.ask(request, CheckAnswer)
        facts = opened.records(sql.load("llm/last_call"))[0]
        mode = model.client.mode if model.client else None
    if as_json:
        print_json({"answers": mode, **facts})
        return
    click.echo(f"{asked.model} answers, checked, as {mode}: {facts}")


@llm.command("export")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@warehouse_option
def export_calls(path: Path, warehouse: Path) -> None:
    """Write the answered requests as JSON lines, to be committed and replayed elsewhere."""
    with _ledger(warehouse) as ledger:
        written = ledger.export(path)
    click.echo(f"{written} answered requests in {path}")


@llm.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@warehouse_option
def import_calls(path: Path, warehouse: Path) -> None:
    """Take answered requests from JSON lines; they are then never sent."""
    with _ledger(warehouse) as ledger:
        taken = ledger.import_calls(path)
    click.echo(f"{taken} answered requests taken from {path}")


@llm.command()
@click.argument("request_hash", metavar="HASH")
@warehouse_option
def forget(request_hash: str, warehouse: Path) -> None:
    """Delete a request and its answer, to have it asked anew and paid for again."""
    with _ledger(warehouse) as ledger:
        gone = ledger.forget(request_hash)
    click.echo(f"{gone} forgotten")


@llm.command()
@warehouse_option
@json_option
def bill(warehouse: Path, as_json: bool) -> None:
    """Show what the passes cost, by stage."""
    with _ledger(warehouse) as ledger:
        rows = ledger.bill()
    if as_json:
        print_json(rows)
        return
    columns = ("stage", "model", "answered", "tokens in", "tokens out", "cost in USD")
    print_table(columns, [_billed(row) for row in rows])
    if waiting := sum(row["without_answer"] for row in rows):
        click.echo(f"{waiting} requests were sent and not answered; they may have been billed")
    if again := sum(row["sent_again"] for row in rows):
        click.echo(f"{again} times a request was sent again after it failed or was refused")
    if any(row["estimated"] for row in rows):
        click.echo("some endpoints did not count tokens; those are estimates")


def _billed(row: dict[str, Any]) -> tuple[object, ...]:
    cost = f"{row['cost_usd'] or 0:.4f}"
    if row["unpriced"]:
        cost = "unpriced" if row["unpriced"] == row["answered"] else f"{cost} and unpriced calls"
    return (
        row["stage"],
        row["model"],
        row["answered"],
        row["tokens_in"],
        row["tokens_out"],
        cost,
    )


@contextmanager
def _ledger(path: Path) -> Iterator[Ledger]:
    """Open the ledger of a warehouse."""
    from fame_sql.llm.ledger import Ledger
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(path) as opened:
        yield Ledger(opened)
