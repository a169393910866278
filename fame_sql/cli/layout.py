"""The widths of a table's columns, so that it fits a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

_NARROWEST = 12
"""Texts are not cut below this."""
_READABLE = 40
"""A text that decides has this much room as long as other columns can be left out."""
_GAP = 2
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")
_NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?( ?%)?")


@dataclass
class Column:
    """A column: its heading, its cells and how wide it is shown."""

    heading: str
    cells: list[str]
    width: int = 0

    def __post_init__(self) -> None:
        """Make it as wide as what it holds."""
        self.width = max(map(cell_len, [self.heading, *self.cells]))

    @property
    def is_numeric(self) -> bool:
        """Whether all that it holds are numbers: they stand at the right, and are never cut."""
        return bool(self.cells) and all(not c or _NUMBER.fullmatch(c) for c in self.cells)

    def least(self, text: int = _NARROWEST) -> int:
        """Return how narrow it can be: words of headings, numbers, names and times stay whole."""
        words = max(map(cell_len, self.heading.split(" ")))
        longest = max(map(cell_len, self.cells), default=0)
        is_text = not self.is_numeric and any(" " in c and not _is_time(c) for c in self.cells)
        return max(words, min(longest, text if is_text else 2 * _NARROWEST))

    def shorten_times(self) -> None:
        """Leave out what is shorter than a second."""
        self.cells = [c.partition(".")[0] if _is_time(c) else c for c in self.cells]
        self.__post_init__()

    def headings(self) -> list[str]:
        """Return the heading in lines that fit."""
        lines = [""]
        for word in self.heading.split(" "):
            longer = f"{lines[-1]} {word}".lstrip(" ")
            if lines[-1] and cell_len(longer) > self.width:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def shown(self, text: str) -> str:
        """Return a text as wide as the column."""
        if self.is_numeric:
            return " " * (self.width - cell_len(text)) + text
        if cell_len(text) > self.width:
            text = set_cell_size(text, self.width - 1).rstrip() + "…"
        return set_cell_size(text, self.width)


def fitted(columns: Sequence[Column], width: int, deciding: Sequence[str] = ()) -> list[Column]:
    """Return the columns that fit, the widest texts of them cut.

    Parameters
    ----------
    columns : sequence of Column
        All columns; those at the end are left out first.
    width : int
        The width of the terminal.
    deciding : sequence of str
        The headings of columns that stay as long as others can be left out.
    """
    if _size(columns) > width:
        for column in columns:
            column.shorten_times()
    kept = list(columns)
    others = [column for column in columns if deciding and column.heading not in deciding]
    while others and _least(kept, _READABLE) > width:
        kept.remove(others.pop())
    while len(kept) > 1 and _least(kept, _NARROWEST) > width:
        kept.pop()
    _cut(kept, width)
    return kept


def _least(columns: Sequence[Column], text: int) -> int:
    return sum(column.least(text) for column in columns) + _GAP * (len(columns) - 1)


def _cut(columns: Sequence[Column], width: int) -> None:
    """Take from headings first, and then from the widest text, until all fit."""
    for column in columns:
        if _size(columns) <= width:
            return
        column.width = max(column.least(), *map(cell_len, column.cells), 0)
    while _size(columns) > width:
        loose = [column for column in columns if column.width > column.least()]
        if not loose:
            columns[0].width = width
            return
        max(loose, key=lambda column: column.width).width -= 1


def _size(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + _GAP * (len(columns) - 1)


def _is_time(cell: str) -> bool:
    return _TIME.fullmatch(cell) is not None
