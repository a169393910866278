"""The command ``fame tail``."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from fame_sql.cli.options.numbers import COUNT_OR_NONE, SECONDS
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.tables import print_nothing
from fame_sql.cli.values import plain
from fame_sql.cli.waiting import waited
from fame_sql.console import printable

_NARROWEST = 40


@click.command(short_help="Show lines with their verdicts as they are stored.")
@click.option(
    "--lines",
    type=COUNT_OR_NONE,
    metavar="NUMBER",
    default=10,
    show_default=True,
    help="Number of the last lines to begin with.",
)
@click.option("--anomalous", is_flag=True, help="Show anomalous lines only.")
@click.option("--service", metavar="NAME", help="Show lines of this service only.")
@click.option("--wide", is_flag=True, help="Do not cut lines to the width of the terminal.")
@click.option("--once", is_flag=True, help="Show the last lines and end.")
@click.option(
    "--every",
    type=SECONDS,
    metavar="SECONDS",
    default=1.0,
    show_default=True,
    help="How often to look for new lines.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each line as a JSON object.")
@warehouse_option
@click.pass_context
def tail(
    context: click.Context,
    lines: int,
    anomalous: bool,
    service: str | None,
    wide: bool,
    once: bool,
    every: float,
    as_json: bool,
    warehouse: Path,
) -> None:
    """Show lines with their verdicts as they are stored, until Ctrl-C.

    The lines come from a server that holds the warehouse ('fame serve --follow /var/log/app'), or
    from what 'fame ingest --follow' stores in it: this command reads no logs itself. An anomalous
    line has a '!' and its score; a line that no model has judged has neither.
    """
    from fame_sql.cli.remote import token_of
    from fame_sql.serve.address import named
    from fame_sql.serve.arrived import AT_MOST, arrived, newest, place_of

    given = context.get_parameter_source("warehouse") is click.core.ParameterSource.COMMANDLINE
    token = token_of(context.find_root().params.get("token_file"))
    place = place_of(warehouse, None if given else named(os.environ), token)
    width = None if wide or not sys.stdout.isatty() else shutil.get_terminal_size().columns
    try:
        # Who stores lines holds the warehouse for moments, or for as long as it starts.
        last = waited(lambda: newest(place), 0 if once else math.inf)
        is_empty = True
        for rows in arrived(place, max(last - lines, -1)):
            for row in rows or ():
                if (row["is_anomaly"] or not anomalous) and service in (None, row["service_name"]):
                    click.echo(_json(row) if as_json else _shown(row, width))
                    is_empty = False
            if once and rows is None:
                if is_empty and not as_json:
                    print_nothing("no such line", "fame status")
                return
            if not once and len(rows or ()) < AT_MOST:
                time.sleep(every)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def _json(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row), default=plain, ensure_ascii=not _is_plain())


def _is_plain() -> bool:
    return not sys.stdout.isatty()


def _shown(row: Mapping[str, Any], width: int | None) -> str:
    at = f"{row['timestamp']:%m-%d %H:%M:%S}" if row["timestamp"] else "-"
    score = "    " if row["score"] is None else f"{row['score']:.2f}"
    mark = "!" if row["is_anomaly"] else " "
    where = "/".join(name for name in (row["service_name"], row["host_name"]) if name)
    words = (mark, score, at, where, row["severity_text"], row["body"])
    text = printable(" ".join(str(word) for word in words if word)).replace("\n", "\\n")
    if width is not None and len(text) > max(width, _NARROWEST):
        text = f"{text[: max(width, _NARROWEST) - 1]}…"
    if os.environ.get("NO_COLOR"):
        return text
    if row["is_anomaly"]:
        return click.style(text, fg="red", bold=True)
    return click.style(text, dim=row["score"] is not None and row["score"] < 0.1)
