"""The command ``fame show``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.numbers import COUNT
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.options.wide import table_options
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import asking
from fame_sql.cli.tables import brief, print_facts, print_table, print_text
from fame_sql.console import printable
from fame_sql.forensics.distance import distance

if TYPE_CHECKING:
    from fame_sql.forensics.line import Line

_BARS = " ▁▂▃▄▅▆▇█"
_DAYS = 60
_WORDS = 10
_LONGEST = 64


@click.command(short_help="Show a line: why it has its score, what came around it, its history.")
@click.argument("log_id", type=click.IntRange(0))
@click.option(
    "--neighbours",
    "each_way",
    type=COUNT,
    metavar="NUMBER",
    default=3,
    show_default=True,
    help="Lines to show before and after it, of its trace, service and host each.",
)
@warehouse_option
@json_option
@table_options
def show(log_id: int, each_way: int, warehouse: Path, as_json: bool) -> None:
    """Show a line with its verdict and where it was read.

    Also why it has its score, how often its template came before, the nearest lines of its trace,
    service and host, its incidents, and what people said of it. LOG_ID is the number of the line,
    as in the column log_id.
    """
    from fame_sql.forensics.line import read_line
    from fame_sql.warehouse.warehouse import Warehouse

    with (
        Warehouse.open(warehouse, read_only=True) as opened,
        asking(opened.connection, "reading around the line"),
    ):
        line = read_line(opened, log_id, each_way=each_way)
    if as_json:
        print_json(vars(line))
        return
    _print_line(line.facts)
    _print_explanation(line)
    _print_history(line.history)
    _print_neighbours(line.neighbours)
    for title, rows in (("incidents", line.incidents), ("said of it", line.said)):
        if rows:
            click.echo(f"\n{title}")
            print_table(list(rows[0]), [list(row.values()) for row in rows])


def _print_line(facts: dict[str, Any]) -> None:
    place = f"{facts['source_path']}, line {facts['line_number']}, byte {facts['byte_offset']}"
    shown = {
        "line": facts["log_id"],
        "message": facts["body"],
        "time": facts["timestamp"] or f"none; read {facts['observed_timestamp']:%Y-%m-%d %H:%M}",
        "service": facts["service_name"],
        "host": facts["host_name"],
        "level": facts["severity_text"],
        "trace": facts["trace_id"],
        "source": place,
        "template": f"{facts['template_id']}  {facts['template']}",
        "verdict": _verdict(facts),
        "domain": facts["domain"],
        "parse error": facts["parse_error"],
    }
    print_facts((name, value) for name, value in shown.items() if value is not None)


def _verdict(facts: dict[str, Any]) -> str:
    if facts["score"] is None:
        return "none: not scored, run 'fame score'"
    word = "anomalous" if facts["is_anomaly"] else "normal"
    if facts["answer"] in ("normal", "anomalous"):
        return f"{word}, by an answer about its template"
    known = "" if facts["known_template"] else "; no template known, judged by its words alone"
    return f"{word}, score {facts['score']:.4f}{known}"


def _print_explanation(line: Line) -> None:
    found = line.explanation
    if found is None:
        return
    click.echo(f"\nwhy (log-odds {found['log_odds']:+.2f}; above 0 is anomalous)")
    if found["words"]:
        strongest = sorted(found["words"], key=lambda word: -abs(word["weight"]))[:_WORDS]
        for word in strongest:
            click.echo(f"  {word['weight']:+7.2f}  {brief(printable(word['token']), _LONGEST)}")
        left = len(found["words"]) - len(strongest)
        rest = f", and {left} more words" if left else ""
        click.echo(f"  {found['base']:+7.2f}  (base: the text without words){rest}")
    else:
        click.echo("  the weights of its words need the model's folder, which cannot be read")
    if nearest := found["nearest"]:
        example = brief(nearest["message"], _LONGEST)
        print_text(f"most similar labelled message ({nearest['label']}): {example}", before="  ")


def _print_history(history: list[dict[str, Any]]) -> None:
    if not history:
        return
    total = sum(day["lines"] for day in history)
    first, last = history[0]["day"], history[-1]["day"]
    by_day = {day["day"].toordinal(): day["lines"] for day in history}
    days = range(max(first.toordinal(), last.toordinal() - _DAYS + 1), last.toordinal() + 1)
    most = max(by_day.values())
    bars = "".join(_BARS[-(-8 * by_day.get(day, 0) // most)] for day in days)
    click.echo(f"\nits template: {total:,} lines from {first} to {last}, at most {most:,} a day")
    click.echo(f"  {bars}")


def _print_neighbours(neighbours: list[dict[str, Any]]) -> None:
    click.echo("\naround it")
    rows = [
        (
            ">" if row["place"] == 0 else "",
            distance(row["seconds"]),
            ", ".join(row["shared"]),
            row["log_id"],
            row["host_name"],
            row["severity_text"],
            row["score"],
            brief(row["body"], _LONGEST),
        )
        for row in neighbours
    ]
    columns = ("", "when", "same", "log_id", "host", "level", "score", "body")
    print_table(columns, rows, deciding=("", "when", "log_id", "score", "body"))
