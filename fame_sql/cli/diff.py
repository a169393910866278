"""The command ``fame diff``."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.moment import MOMENT, SNAPSHOT
from fame_sql.cli.options.numbers import COUNT
from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_records
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import brief, print_nothing, print_table

if TYPE_CHECKING:
    from fame_sql.forensics.differences import Sides
    from fame_sql.forensics.snapshots import Snapshot
    from fame_sql.warehouse.warehouse import Warehouse

_BY = ("time", "service", "host", "source", "trace", "release")
_PERIOD = re.compile(r"(.+?)\.\.(.+)")
_LONGEST = 60
_COLUMNS = ("change", "count_a", "count_b", "percent_a", "percent_b", "p_adjusted", "template_id")


@click.command(short_help="Compare two periods, services, releases or states.")
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option(
    "--by",
    type=click.Choice(_BY),
    default="time",
    show_default=True,
    help="What A and B are.",
)
@click.option(
    "--since",
    type=MOMENT,
    metavar="TIME",
    help="Instead of A and B: from then on, compared with the same span before.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Instead of A and B: compare this warehouse's new lines with those of a copy or another "
    "warehouse.",
)
@click.option(
    "--from-snapshot",
    "before",
    type=SNAPSHOT,
    metavar="TIME",
    help="Instead of A and B, in a lake: compare the lines that came since this state with those "
    "it had. A time, or the number of a snapshot.",
)
@click.option(
    "--to-snapshot",
    "after",
    type=SNAPSHOT,
    metavar="TIME",
    help="With --from-snapshot: up to this state instead of now.",
)
@click.option("--all", "everything", is_flag=True, help="Also differences that can be chance.")
@click.option(
    "--top",
    "at_most",
    type=COUNT,
    metavar="NUMBER",
    default=20,
    show_default=True,
    help="Show at most this many.",
)
@warehouse_option
@form_options
def diff(
    a: str | None,
    b: str | None,
    by: str,
    since: datetime | None,
    against: Path | None,
    before: Snapshot | None,
    after: Snapshot | None,
    everything: bool,
    at_most: int,
    warehouse: Path,
    form: Form,
) -> None:
    """Compare how often each template comes in A and in B.

    A and B are periods such as 2025-03-10T02:00..2025-03-10T03:00 in UTC, without their ends; with
    --by service, host, source, trace or release (service.version) they are two of these. A
    difference is shown if chance alone hardly makes it: its p-value, corrected for the number of
    templates, is below 0.05. Periods are compared within each service. In SQL: fame.diff_patterns.

    With --against FILE, A is that warehouse, such as 'fame backup' makes, and B the lines that only
    this one has. A lake needs no copy: with --from-snapshot, A is the lake as it was then.
    """
    from fame_sql.forensics.differences import list_differences
    from fame_sql.forensics.snapshots import list_differences_since, list_snapshot_differences
    from fame_sql.warehouse.warehouse import Warehouse

    ways = {"--since": since, "--against": against, "--from-snapshot": before}
    given = [option for option, value in ways.items() if value is not None]
    _check(given, a, b, by)
    if after is not None and before is None:
        raise click.UsageError("--to-snapshot needs --from-snapshot, the state before")
    progress = terminal_progress()
    with Warehouse.open(warehouse, read_only=True) as opened:
        if against is not None:
            found = list_snapshot_differences(opened, against, progress=progress)
        elif before is not None:
            found = list_differences_since(opened, before, after, progress=progress)
        else:
            sides = _sides(opened, by, a, b, since)
            found = list_differences(opened, sides, progress=progress)
    rows = [row for row in found if everything or _is_significant(row)]
    if form != "text":
        print_records(rows[:at_most], (*_COLUMNS, "service_name", "template", "log_id"), form)
        return
    if not rows:
        print_nothing(f"none of {len(found)} templates differs", _more(found))
        return
    _print(rows[:at_most])
    total = f"{len(found)} templates compared, {sum(map(_is_significant, found))} differ"
    click.echo(f"{total}; an example of each: fame show LOG_ID")


def _check(given: list[str], a: str | None, b: str | None, by: str) -> None:
    """Refuse what does not name two sides, by the options given or by A and B, or names more."""
    if len(given) + (a is not None and b is not None) != 1:
        raise click.UsageError(
            "give two sides, A and B, or --since TIME, or --against FILE, or --from-snapshot TIME"
        )
    if given and (a is not None or by != "time"):
        raise click.UsageError(f"{given[0]} names both sides: leave out A, B and --by")


def _more(found: list[dict[str, Any]]) -> str:
    """Return the command that shows more where no difference is significant."""
    return "fame diff … --all" if found else "fame top"


def _is_significant(row: dict[str, Any]) -> bool:
    return row["p_adjusted"] is not None and row["p_adjusted"] < 0.05


def _sides(
    warehouse: Warehouse, by: str, a: str | None, b: str | None, moment: datetime | None
) -> Sides:
    from fame_sql.forensics.differences import Sides, since

    if moment is not None:
        return since(warehouse, moment)
    if by == "time":
        return Sides(by, _period(a or ""), _period(b or ""))
    return Sides(by, a or "", b or "")


def _period(text: str) -> tuple[datetime, datetime]:
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise click.UsageError(
            f"{text!r} is no period: write 2025-03-10T02:00..2025-03-10T03:00, or name what it is "
            "with --by"
        )
    start, stop = (
        MOMENT.convert(part, None, click.get_current_context()) for part in found.groups()
    )
    if stop <= start:
        raise click.UsageError(f"the period {text} ends before it begins: exchange the two times")
    return start, stop


def _print(rows: list[dict[str, Any]]) -> None:
    print_table(
        ("change", "A", "B", "share A", "share B", "p", "log_id", "template"),
        [
            (
                row["change"],
                row["count_a"],
                row["count_b"],
                f"{row['percent_a'] or 0:.2f} %",
                f"{row['percent_b'] or 0:.2f} %",
                f"{row['p_adjusted']:.1g}",
                row["log_id"],
                brief(row["template"], _LONGEST),
            )
            for row in rows
        ],
    )
