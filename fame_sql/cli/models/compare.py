"""The command ``fame models compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.numbers import COUNT
from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_csv, print_json, print_records
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import brief, print_facts, print_table

if TYPE_CHECKING:
    from fame_sql.evaluation.presets import HeldOutRow
    from fame_sql.scoring.comparison import Comparison
    from fame_sql.students import StudentConfig
    from fame_sql.warehouse.warehouse import Warehouse

_DECIDING = ("lines", "first_score", "second_score", "canonical")
_CHANGED = ("lines", "first_score", "second_score", "first_domain", "second_domain", "canonical")
_CSV = ("event_hash", *_CHANGED[:-1], "first_known", "second_known", "canonical")
LONGEST = 100
"""Maximum characters of a text in the table; JSON and CSV have the whole text."""

_BY_DOMAIN = (
    *("domain", "events", "lines", "changed_events", "changed_lines", "from_other_domains"),
    *("mean_difference", "largest_difference"),
)


@click.command()
@click.argument("first")
@click.argument("second")
@click.option(
    "--top",
    type=COUNT,
    metavar="NUMBER",
    default=20,
    show_default=True,
    help="Maximum number of events to show.",
)
@click.option(
    "--stored", is_flag=True, help="Compare stored scores only, and do not score missing events."
)
@click.option(
    "--held-out",
    "held_out",
    is_flag=True,
    help="Train the settings of both again on parts of your labels, and judge the rest.",
)
@warehouse_option
@form_options
def compare(
    first: str, second: str, top: int, stored: bool, held_out: bool, warehouse: Path, form: Form
) -> None:
    """Compare two models and their verdicts.

    The comparison shows their training data and the events whose verdicts differ. Events that one
    of the models has not scored are scored first, unless --stored is given. CSV has the events
    whose verdicts differ.

    With --held-out, FIRST and SECOND may also be presets, such as words and compact. Their settings
    are trained on parts of the labelled events and judged on the rest: whole templates, and later
    blocks of time. Nothing is stored. A difference whose interval contains 0 is noise.
    """
    if held_out:
        _print_held_out(warehouse, first, second, form)
        return
    found = _compared(warehouse, first, second, top, stored)
    if form == "json":
        print_json(found.to_dict())
    elif form == "csv":
        print_csv(_CSV, [[row[name] for name in _CSV] for row in found.changed])
    else:
        _print(found)


def _print_held_out(warehouse: Path, first: str, second: str, form: Form) -> None:
    from fame_sql.evaluation.presets import compare_presets
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        configs = [_config(opened, name) for name in (first, second)]
        rows = compare_presets(opened, *configs, progress=terminal_progress())
    records = [_flat(row, first, second) for row in rows]
    print_records(records, tuple(records[0]), form)


def _config(warehouse: Warehouse, name: str) -> StudentConfig:
    """Return the settings of a model, or of a preset."""
    from fame_sql.models import find
    from fame_sql.students.presets import choose, presets
    from fame_sql.training.context import config_of

    return choose(name) if name in presets() else config_of(find(warehouse, name))


def _flat(row: HeldOutRow, first: str, second: str) -> dict[str, object]:
    """Return a row with the three estimates as numbers."""
    gain = row.difference
    return {
        "held_out": row.held_out,
        "measure": row.measure,
        first: _rounded(row.first.value),
        second: _rounded(row.second.value),
        "difference": _rounded(gain.value),
        "low": _rounded(gain.low),
        "high": _rounded(gain.high),
        "says": "noise" if row.is_noise else f"{second if (gain.value or 0) > 0 else first} better",
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _compared(warehouse: Path, first: str, second: str, top: int, stored: bool) -> Comparison:
    """Compare, and open the warehouse for writing only if there is something to score."""
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
    click.echo(f"\nby the domain from {found.second}")
    print_table(_BY_DOMAIN, [[row[name] for name in _BY_DOMAIN] for row in found.by_domain])
    _print_changed(found)


def _print_changed(found: Comparison) -> None:
    shown, total = len(found.changed), found.totals["changed_events"]
    click.echo(f"\n{shown} of {total} events whose verdict changed")
    changed = [{**row, "canonical": brief(row["canonical"], LONGEST)} for row in found.changed]
    print_table(_CHANGED, [[row[name] for name in _CHANGED] for row in changed], _DECIDING)
