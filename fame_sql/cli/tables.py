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


_NARROWEST = 12
"""Columns are not cut below this."""


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, width: int | None = None
) -> int:
    """Print rows under headings, with control characters escaped in both.

    Parameters
    ----------
    columns : sequence of str
        The headings.
    rows : iterable of sequence
        The rows.
    width : int, optional
        Cut the widest values, and then leave out columns at the end, to fit into so many
        characters.

    Returns
    -------
    int
        How many columns were left out.
    """
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
    widths = widths if width is None else _fitted(widths, width)
    for row in [names, ["-" * size for size in widths], *cells]:
        padded = [
            _cut(cell, size).rjust(size) if right else _cut(cell, size).ljust(size)
            for cell, size, right in zip(row, widths, numeric, strict=False)
        ]
        click.echo("  ".join(padded).rstrip())
    return len(names) - len(widths)


def _fitted(widths: list[int], width: int) -> list[int]:
    """Return narrower widths of the first columns, so that they fit."""
    fitted = list(widths)
    while fitted and sum(fitted) + 2 * (len(fitted) - 1) > width:
        widest = max(range(len(fitted)), key=fitted.__getitem__)
        if fitted[widest] > _NARROWEST:
            fitted[widest] -= 1
        elif len(fitted) == 1:
            break
        else:
            # The columns that stay may have their room again.
            fitted = widths[: len(fitted) - 1]
    return fitted


def _cut(cell: str, size: int) -> str:
    return cell if len(cell) <= size else cell[: size - 1] + "…"


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
