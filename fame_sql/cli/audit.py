"""The command ``fame label audit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.keys import read_key
from fame_sql.cli.options.author import author_option
from fame_sql.cli.options.numbers import COUNT, SEED
from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_csv, print_done, print_json
from fame_sql.cli.tables import print_table
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.labels.by_people.audit import Audit, AuditReport

_LINES = 50
_COLUMNS = ("labels that say", "judged", "wrong", "rate", "at least", "at most")


@click.command("audit")
@click.option(
    "--lines",
    type=COUNT,
    metavar="LINES",
    default=_LINES,
    show_default=True,
    help="Size of a new sample.",
)
@click.option("--seed", type=SEED, metavar="NUMBER", default=0, help="Seed of a new sample.")
@click.option("--new", is_flag=True, help="Draw a new sample, also if one is not finished.")
@click.option(
    "--export",
    "path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the lines to a CSV file, for 'fame label import', instead of asking.",
)
@click.option("--report", "only_report", is_flag=True, help="Only print what was found so far.")
@author_option
@warehouse_option
@form_options
def audit(
    lines: int,
    seed: int,
    new: bool,
    path: Path | None,
    only_report: bool,
    author: str | None,
    warehouse: Path,
    form: Form,
) -> None:
    """Measure how often the labels of a language model are wrong.

    A random sample of its labels is drawn, and you judge the lines without seeing what it said:
    in the terminal, with one key per line, or in a spreadsheet. The share that you contradict is
    printed with its 95 % interval, which holds for all of its labels. Each label of yours is stored
    at once and overrides the model's.
    """
    from fame_sql.labels.by_people.audit import Audit
    from fame_sql.warehouse.author import system_user
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        session = Audit(opened, author or system_user())
        if new or not (session.is_drawn or only_report):
            session.draw(lines, seed)
        if path is not None:
            written = session.export(path)
            said = f"{written} lines written to {path}: fill in the column label"
            print_done(said, {"file": str(path), "lines": written}, as_json=form == "json")
            return
        if not only_report:
            _ask(session)
        report = session.finish()
    _print(report, form)


def _ask(session: Audit) -> None:
    click.echo("n normal, a anomalous, s skip, u undo, q quit", err=True)
    skipped: set[int] = set()
    while waiting := [x for x in session.open_lines() if x["log_id"] not in skipped]:
        line = waiting[0]
        _print_line(line, len(waiting))
        key = read_key("fame label audit --export FILE")
        if key in ("n", "a"):
            session.judge(line["log_id"], is_anomaly=key == "a")
        elif key == "s":
            skipped.add(line["log_id"])
        elif key == "u":
            session.undo()
        # Ctrl-D and Ctrl-C arrive as characters on some terminals.
        elif key in ("q", "\x04", "\x03", ""):
            return


def _print_line(line: dict[str, Any], remaining: int) -> None:
    facts = ("timestamp", "host_name", "service_name", "severity_text")
    where = " ".join(str(line[name]) for name in facts if line[name])
    click.echo(f"\n{remaining} left. {printable(where)}", err=True)
    click.echo(f"  {printable(line['body'])}", err=True)


def _print(report: AuditReport, form: Form) -> None:
    rows = [_row(name, report) for name in ("all", "normal", "anomalous")]
    if form == "json":
        print_json(
            {"drawn": report.drawn, "rates": [dict(zip(_KEYS, r, strict=True)) for r in rows]}
        )
        return
    show = print_csv if form == "csv" else print_table
    show(_COLUMNS, rows)
    if form == "text":
        click.echo(f"{report.all.judged} of {report.drawn} labels of the sample are judged")


_KEYS = ("label", "judged", "wrong", "rate", "at_least", "at_most")


def _row(name: str, report: AuditReport) -> tuple[object, ...]:
    found = getattr(report, name)
    low, high = found.interval
    said = "anything" if name == "all" else name
    return said, found.judged, found.wrong, found.rate, low, high
