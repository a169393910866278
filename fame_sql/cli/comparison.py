"""The command that puts two models side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.output import (
    json_option,
    print_csv,
    print_facts,
    print_json,
    print_table,
    terminal_progress,
    warehouse_option,
)

if TYPE_CHECKING:
    from fame_sql.scoring.comparison import Comparison

_CHANGED = ("lines", "first_score", "second_score", "first_domain", "second_domain", "canonical")
LONGEST = 100
"""Characters of a text that a row of the table shows; JSON and CSV have all of it."""

_BY_DOMAIN = (
    *("domain", "events", "lines", "changed_events", "changed_lines", "from_other_domains"),
    *("mean_difference", "largest_difference"),
)


@click.command()
@click.argument("first")
@click.argument("second")
@click.option("--top", default=20, show_default=True, help="Events that are shown, at most.")
@click.option(
    "--stored", is_flag=True, help="Compare what is stored, and judge no event that is missing."
)
@click.option("--csv", "as_csv", is_flag=True, help="Print the events that changed, as CSV.")
@warehouse_option
@json_option
def compare(
    first: str,
    second: str,
    top: int,
    stored: bool,
    as_csv: bool,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Compare two models: what they were made of, and whose verdicts differ where.

    Events that one of them has not judged are judged first, unless --stored is given.
    """
    if as_csv and as_json:
        raise click.UsageError("use one of --csv and --json")
    found = _compared(warehouse, first, second, top, stored)
    if as_json:
        print_json(found.to_dict())
    elif as_csv:
        columns = ("event_hash", *_CHANGED[:-1], "first_known", "second_known", "canonical")
        print_csv(columns, [[row[name] for name in columns] for row in found.changed])
    else:
        _print(found)


def _compared(warehouse: Path, first: str, second: str, top: int, stored: bool) -> Comparison:
    """Compare, opening the warehouse for writing only where something has to be judged."""
    from fame_sql.scoring.comparison import compare as run
    from fame_sql.scoring.comparison import score_missing
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        found = run(opened, first, second, top=top)
    if stored or not any(found.unscored):
        return found
    with Warehouse.open(warehouse) as opened:
        score_missing(opened, first, second, progress=terminal_progress())
        return run(opened, first, second, top=top)


def _print(found: Comparison) -> None:
    rows = [[fact.name, fact.first, fact.second] for fact in found.facts]
    rows += [[f"domain: {fact.name}", fact.first, fact.second] for fact in found.domains]
    known = [row for row in rows if row[1:] != [None, None]]
    print_table(("fact", found.first, found.second), known)
    click.echo()
    print_facts((name.replace("_", " "), value) for name, value in found.totals.items())
    for version, missing in zip((found.first, found.second), found.unscored, strict=True):
        if missing:
            click.echo(f"{missing} events have no score from {version} and are not compared")
    click.echo(f"\nby the domain that {found.second} gives")
    print_table(_BY_DOMAIN, [[row[name] for name in _BY_DOMAIN] for row in found.by_domain])
    shown = len(found.changed)
    click.echo(f"\n{shown} of {found.totals['changed_events']} events whose verdict changed")
    changed = [{**row, "canonical": row["canonical"][:LONGEST]} for row in found.changed]
    print_table(_CHANGED, [[row[name] for name in _CHANGED] for row in changed])
