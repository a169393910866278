"""Tables and lists of facts for the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal

import click

from fame_sql.cli.values import plain
from fame_sql.console import printable


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print names and values in two columns."""
    rows = [(name, _cell(value)) for name, value in facts]
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        click.echo(f"  {name:<{width}}  {value}")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings, with control characters escaped in both."""
    names = [_cell(name) for name in columns]
    cells = [[_cell(value) for value in row] for row in rows]
    numeric = [
        bool(cells) and all(isinstance(row[i], _Number) or row[i] == "" for row in cells)
        for i in range(len(names))
    ]
    widths = [
        max(len(name), *(len(row[i]) for row in cells)) if cells else len(name)
        for i, name in enumerate(names)
    ]
    for row in [names, ["-" * width for width in widths], *cells]:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        click.echo("  ".join(padded).rstrip())


class _Number(str):
    """The text of a number, which is aligned to the right."""


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return _Number(f"{value}")
    if isinstance(value, float | Decimal):
        return _Number(f"{value:.4f}".rstrip("0").rstrip("."))
    if isinstance(value, dict | list):
        return printable(json.dumps(value, default=plain, ensure_ascii=False))
    return printable(str(value)).replace("\n", "\\n").replace("\t", "\\t")
