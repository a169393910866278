"""The command ``fame feedback list``, and what 'fame confirm' and 'fame dismiss' share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.feedback import FeedbackOptions
from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json, print_records
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.operations.feedback import Named
    from fame_sql.warehouse.warehouse import Warehouse

_GONE = "lines that came late, or another count of all lines, took its anomalies back"
_COLUMNS = ("names", "says", "state", "until", "author", "hid", "reason", "notes")
_CSV_COLUMNS = (*_COLUMNS, "created_at")


@click.group(short_help="List what people confirmed and dismissed.")
def feedback() -> None:
    """List what people confirmed and dismissed."""


@feedback.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what ended or was withdrawn.")
@warehouse_option
@form_options
def list_(everything: bool, warehouse: Path, form: Form) -> None:
    """List feedback, and what speaks against it.

    The notes say what contradicts a feedback, which dismissals ended while the thing goes on, and
    which have hidden an incident that was confirmed later. What has a note is always listed.
    """
    from fame_sql.operations.feedback import list_feedback
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    with Warehouse.open(warehouse, read_only=True) as opened:
        found = list_feedback(opened, utc_now())
    rows = [
        r for r in found if everything or r["state"] in ("in force", "incomplete") or r["notes"]
    ]
    if form == "text":
        rows = [{**row, "notes": "; ".join(map(str, row["notes"]))} for row in rows]
    nothing = ("no feedback", "fame incidents")
    if not everything:
        nothing = ("no feedback is in force", "fame feedback list --all")
    columns = _CSV_COLUMNS if form == "csv" else _COLUMNS
    print_records(rows, columns, form, nothing, deciding=("names", "says", "reason", "notes"))


def say(
    options: FeedbackOptions,
    warehouse: Path,
    *,
    is_anomaly: bool,
    for_ever: bool = False,
    as_json: bool = False,
) -> None:
    """Store what the options of a command say, and print it."""
    from fame_sql.operations.feedback import Named, Said, give, withdraw
    from fame_sql.warehouse.author import system_user
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    if not options.undo and options.reason is None:
        raise click.UsageError("--reason is required: say why, for whoever comes later")
    author = options.author if options.author is not None else system_user() or ""
    now = utc_now()
    chosen = _chosen_where(options, warehouse)
    with Warehouse.open(warehouse) as opened:
        named = [*_named(options, opened), *chosen]
        if options.undo:
            withdraw(opened, named, is_anomaly, author, now)
            empty = set[Named]()
        else:
            said = Said(is_anomaly, author, options.reason or "", options.expires, for_ever)
            empty = give(opened, named, said, now)
        known = _stored(opened, named)
    verb = "withdrawn" if options.undo else "confirmed" if is_anomaly else "dismissed"
    if as_json:
        print_json(
            [
                {"names": str(n), "says": None if n in empty else verb, "until": known[str(n)]}
                for n in named
            ]
        )
        return
    for each in named:
        if each in empty:
            click.echo(printable(f"{each}: not {verb}, since nothing is left of it: {_GONE}"))
            continue
        until = None if options.undo else known[str(each)]
        end = f" until {until:%Y-%m-%d %H:%M} UTC" if until else ""
        click.echo(printable(f"{each}: {verb}{end}"))
    if len(named) > 1:
        click.echo(f"{len(named) - len(empty)} of {len(named)} {verb}")


def _chosen_where(options: FeedbackOptions, warehouse: Path) -> list[Named]:
    """Return what a condition chooses, found on a connection that can change nothing."""
    from fame_sql.operations.feedback import find_where
    from fame_sql.warehouse.warehouse import Warehouse

    if options.where is None:
        return []
    with Warehouse.open(warehouse, read_only=True) as opened:
        return find_where(opened, options.where)


def _named(options: FeedbackOptions, warehouse: Warehouse) -> list[Named]:
    from fame_sql.operations.feedback import find, find_template

    named = [find(warehouse, name) for name in options.names]
    named += [find_template(warehouse, name) for name in options.templates]
    return list(dict.fromkeys(named))


def _stored(warehouse: Warehouse, named: list[Named]) -> dict[str, object]:
    """Return until when what was said last of each thing holds."""
    from fame_sql import sql

    found = {str(each): None for each in named}
    rows = warehouse.rows(sql.load("operations/feedback/last_ends"))
    return found | {name: until for name, until in rows if name in found}
