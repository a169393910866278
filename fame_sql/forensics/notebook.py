"""Tables and charts in notebooks: text in logs is shown as text, and nothing is fetched."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from fame_sql.console import printable
from fame_sql.forensics import drawing
from fame_sql.forensics.charts.records import Table, rows
from fame_sql.forensics.pages.page import render_part

_SCALE = 1.5


@dataclass(frozen=True)
class Shown:
    """A table as a notebook shows it.

    Parameters
    ----------
    columns : list of str
        The names of the columns.
    cells : list of list of str
        What is in them, as text.
    numbers : set of int
        The places of the columns that hold numbers.
    unbroken : set of int
        The places of the columns that are never wrapped: numbers and times.
    left_out : int
        Number of rows that are not shown.
    """

    columns: list[str]
    cells: list[list[str]]
    numbers: set[int]
    unbroken: set[int]
    left_out: int = 0

    def _repr_html_(self) -> str:
        return render_part("notebook_table", table=self)

    def __repr__(self) -> str:
        """Return the table as text, for a console."""
        return "\n".join("  ".join(row) for row in [self.columns, *self.cells])


def show(table: Table, *, at_most: int = 30, longest: int = 160) -> Shown:
    """Return a table for the last line of a cell.

    Text is escaped, also control characters and formulas of TeX. Long text is cut.

    Parameters
    ----------
    table : relation or table
        A DuckDB relation, an Arrow table, a data frame, or dictionaries.
    at_most : int
        Maximum number of rows.
    longest : int
        Maximum number of characters of a value.
    """
    found = list(rows(table))
    columns = list(found[0]) if found else list(getattr(table, "columns", []))
    return Shown(
        columns=[printable(str(name)) for name in columns],
        cells=[[_cell(name, row[name], longest) for name in columns] for row in found[:at_most]],
        numbers=_of_kind(found, columns, int | float | Decimal | None),
        unbroken=_of_kind(found, columns, int | float | Decimal | datetime | None),
        left_out=max(0, len(found) - at_most),
    )


def draw_pictures() -> None:
    """Let Altair show charts as pictures on white: without a network, and legible in dark mode.

    Its own way fetches the libraries that draw a chart, and hosts of notebooks run no scripts.
    """
    drawing.need_all()
    alt = drawing.need("altair")
    alt.renderers.register("fame", _picture)
    alt.renderers.enable("fame")


def _picture(spec: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    drawn = drawing.png_of_spec(spec, scale=_SCALE)
    # The header of a PNG image begins with its width and height.
    sides = (int.from_bytes(drawn[at : at + 4]) for at in (16, 20))
    size = dict(zip(("width", "height"), (round(side / _SCALE) for side in sides), strict=True))
    data = {"image/png": base64.b64encode(drawn).decode(), "text/plain": "a chart"}
    return data, {"image/png": size}


def _of_kind(found: list[Mapping[str, Any]], columns: list[str], kind: Any) -> set[int]:
    """Return the places of the columns that hold nothing else."""
    return {
        place
        for place, name in enumerate(columns)
        if all(isinstance(row[name], kind) for row in found)
    }


def _cell(name: str, value: Any, longest: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        # The number of a line is copied into a command.
        return str(value) if name.endswith("_id") else f"{value:,}"
    if isinstance(value, float | Decimal):
        return f"{value:,.0f}" if abs(float(value)) >= 1000 else f"{value:.3g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    whole = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    text = " ".join(printable(whole).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
