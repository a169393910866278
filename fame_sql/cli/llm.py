"""The commands ``fame llm check|export|import|forget|bill``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.language_model import LanguageModelOptions, language_model_options
from fame_sql.cli.options.output import Form, force_option, form_options, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_csv, print_done, print_json
from fame_sql.cli.requests import print_requests
from fame_sql.cli.tables import print_nothing, print_table

if TYPE_CHECKING:
    from fame_sql.llm.ledger import Ledger
    from fame_sql.warehouse.warehouse import Warehouse

_COLUMNS = ("stage", "model", "answered", "tokens in", "tokens out", "cost in USD")


@click.group("llm")
def llm_group() -> None:
    """Check an endpoint, share its answers, show the costs."""


@llm_group.command()
@language_model_options
@json_option
def check(llm: LanguageModelOptions, as_json: bool) -> None:
    """Send a trial question to an endpoint, and nothing else."""
    from fame_sql.llm.check import check as run
    from fame_sql.llm.check import check_request

    with _temporary_warehouse() as opened:
        model = llm.open(opened)
        if llm.dry_run:
            print_requests(model, [check_request(model)], [], as_json=as_json)
            return
        facts = run(model)
    if as_json:
        print_json(facts)
        return
    form = facts.pop("answers")
    click.echo(f"{llm.llm_model} gave a valid answer, in the form {form}: {facts}")


@contextmanager
def _temporary_warehouse() -> Iterator[Warehouse]:
    from fame_sql.warehouse.warehouse import Warehouse

    with (
        tempfile.TemporaryDirectory() as folder,
        Warehouse.open(Path(folder) / "check.duckdb", create=True) as opened,
    ):
        yield opened


@llm_group.command("export")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@force_option
@warehouse_option
@json_option
def export_calls(path: Path, force: bool, warehouse: Path, as_json: bool) -> None:
    """Write the answered requests to a file.

    The file has JSON lines and can be imported elsewhere.
    """
    with _ledger(warehouse) as ledger:
        written = ledger.export(path, force=force)
    said = f"{written} answered requests written to {path}"
    print_done(said, {"file": str(path), "requests": written}, as_json=as_json)


@llm_group.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@warehouse_option
@json_option
def import_calls(path: Path, warehouse: Path, as_json: bool) -> None:
    """Read answered requests from a file of JSON lines.

    These requests are then never sent.
    """
    with _ledger(warehouse) as ledger:
        taken = ledger.import_calls(path)
    said = f"{taken} answered requests read from {path}"
    print_done(said, {"requests": taken}, as_json=as_json)


@llm_group.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--prices",
    type=click.Path(path_type=Path),
    metavar="FILE",
    show_default="$FAME_PRICES, then a table in fame-sql",
    help="Prices of language models, as JSON.",
)
@warehouse_option
@json_option
def answers(path: Path, prices: Path | None, warehouse: Path, as_json: bool) -> None:
    """Read the answers to a batch file that --batch-file wrote.

    Run the command that wrote it again afterwards. A file can be read twice; an answer counts once.
    Requests without an answer are asked again by the next run.
    """
    from fame_sql.llm.batch import read_answers
    from fame_sql.llm.prices import read_prices

    with _ledger(warehouse) as ledger:
        found = read_answers(ledger, path, read_prices(prices))
    if as_json:
        print_json(asdict(found))
        return
    click.echo(
        f"{found.answered} answers read, {found.known} were known, {found.failed} requests failed, "
        f"{found.foreign} lines belong to no request of this warehouse"
    )


@llm_group.command()
@click.argument("request_hash", metavar="[HASH]", required=False)
@click.option("--batch", metavar="FILE", help="Delete the requests that wait in this batch file.")
@warehouse_option
@json_option
def forget(request_hash: str | None, batch: str | None, warehouse: Path, as_json: bool) -> None:
    """Delete a request and its answer from the ledger.

    The request will be sent and paid for again.
    """
    if (request_hash is None) == (batch is None):
        raise click.UsageError("give either HASH or --batch FILE")
    with _ledger(warehouse) as ledger:
        gone = ledger.forget_batch(batch) if batch else ledger.forget(str(request_hash))
    said = f"requests deleted from the ledger: {gone}"
    print_done(said, {"deleted": gone}, as_json=as_json)


@llm_group.command()
@warehouse_option
@form_options
def bill(warehouse: Path, form: Form) -> None:
    """Show the cost of the language model for each stage."""
    with _ledger(warehouse) as ledger:
        rows = ledger.bill()
    if form == "json":
        print_json(rows)
    elif form == "csv":
        print_csv(_COLUMNS, [_row(row) for row in rows])
    elif not rows:
        print_nothing("no language model was asked", "fame llm check --llm-model NAME")
    else:
        print_table(_COLUMNS, [_row(row) for row in rows])
        _print_notes(rows)


def _row(row: dict[str, Any]) -> tuple[object, ...]:
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


def _print_notes(rows: list[dict[str, Any]]) -> None:
    if waiting := sum(row["without_answer"] for row in rows):
        sent = "1 request was" if waiting == 1 else f"{waiting} requests were"
        click.echo(f"{sent} sent but not answered, and may have been billed")
    if lost := sum(row["lost_usd"] for row in rows):
        click.echo(f"sends without an answer may have cost up to ${lost:.4f} more")
    if again := sum(row["sent_again"] for row in rows):
        sent = "1 request was" if again == 1 else f"{again} requests were"
        click.echo(f"{sent} sent again after a failure or an invalid answer")
    if any(row["estimated"] for row in rows):
        click.echo("some endpoints did not count tokens; those numbers are estimates")


@contextmanager
def _ledger(path: Path) -> Iterator[Ledger]:
    """Open the ledger of a warehouse."""
    from fame_sql.llm.ledger import Ledger
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(path) as opened:
        yield Ledger(opened)
