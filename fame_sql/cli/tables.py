"""Tables and lists of facts for the terminal."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import click

from fame_sql.cli.layout import Column, fitted
from fame_sql.cli.options.quiet import remark
from fame_sql.cli.options.wide import given_width, is_paged, is_wide
from fame_sql.cli.values import plain
from fame_sql.console import printable

_PROMPT = 2
"""Lines of a terminal that a table leaves free."""


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print names and values in two columns; long values go on under themselves."""
    rows = [(name, _cell(value)) for name, value in facts]
    longest = max((len(name) for name, _ in rows), default=0)
    width = terminal_width()
    for name, value in rows:
        before = f"  {name:<{longest}}  "
        room = None if width is None else max(width - len(before), 20)
        for line in _lines(value, room):
            click.echo(f"{before}{line}".rstrip())
            before = " " * len(before)


def _lines(text: str, room: int | None) -> list[str]:
    if room is None or len(text) <= room:
        return [text]
    return textwrap.wrap(text, room, break_on_hyphens=False) or [""]


def terminal_width() -> int | None:
    """Return how wide a table may be; None if it goes elsewhere, or is wanted whole."""
    if is_wide():
        return None
    if not sys.stdout.isatty():
        return given_width()
    return shutil.get_terminal_size().columns


def print_text(text: str, *, before: str = "") -> None:
    """Print a sentence, safe for a terminal and broken between words where it is too long.

    Parameters
    ----------
    text : str
        The sentence.
    before : str
        What stands before each of its lines.
    """
    width = terminal_width()
    lines = _lines(printable(text), None if width is None else width - len(before) - 2)
    for i, line in enumerate(lines):
        click.echo(f"{before}{'  ' if i else ''}{line}")


def brief(text: str | None, longest: int) -> str:
    """Return a text as a table shows it: in full with ``--wide``, else cut with a mark."""
    whole = (text or "").strip()
    if is_wide() or len(whole) <= longest:
        return whole
    return whole[: longest - 1].rstrip() + "…"


def print_nothing(what: str, then: str) -> None:
    """Say that there is nothing to show, and which command to go on with."""
    click.echo(f"{what}\nnext: {then}")


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], deciding: Sequence[str] = ()
) -> None:
    """Print rows under headings, with control characters escaped in both.

    On a terminal, the table is as wide as this at most, and a table that is longer opens a pager.

    Parameters
    ----------
    columns : sequence of str
        The headings.
    rows : iterable of sequence
        The rows.
    deciding : sequence of str
        The columns that stay longest where not all fit.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    made = [Column(_cell(name), [row[i] for row in cells]) for i, name in enumerate(columns)]
    width = terminal_width()
    shown = made if width is None else fitted(made, width, deciding)
    _echo(list(_text(shown)))
    if hidden := len(made) - len(shown):
        more = "1 more column" if hidden == 1 else f"{hidden} more columns"
        remark(f"{more}: --wide shows all")


def _text(columns: Sequence[Column]) -> Iterator[str]:
    """Yield the lines of a table."""
    headings = [column.headings() for column in columns]
    height = max(map(len, headings), default=0)
    above = [[""] * (height - len(lines)) + lines for lines in headings]
    rules = [["-" * column.width for column in columns]]
    for row in [*zip(*above, strict=True), *rules, *zip(*(c.cells for c in columns), strict=True)]:
        line = "  ".join(column.shown(cell) for column, cell in zip(columns, row, strict=True))
        yield line.rstrip()


def _echo(lines: Sequence[str]) -> None:
    """Print lines, through a pager if they are more than the terminal has."""
    if not sys.stdout.isatty() or not is_paged() or _fits(lines):
        for line in lines:
            click.echo(line)
        return
    # As git does: quit if all fits, leave the text on the screen, and do not wrap.
    os.environ.setdefault("LESS", "FRSX")
    click.echo_via_pager(f"{line}\n" for line in lines)


def _fits(lines: Sequence[str]) -> bool:
    return len(lines) <= shutil.get_terminal_size().lines - _PROMPT


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, dict | list):
        return printable(json.dumps(value, default=plain, ensure_ascii=False))
    return printable(str(value)).replace("\n", "\\n").replace("\t", "\\t")
