"""What the notebooks show when they are executed."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

from execute import execute

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def executed(name: str) -> list[Any]:
    """Execute the script of a notebook and return its cells of code with what they showed."""
    notebook = execute(NOTEBOOKS / name)
    return [cell for cell in notebook.cells if cell["cell_type"] == "code"]


def shown(cells: list[Any], source: str) -> str:
    """Return the table that the one cell with a piece of source shows, as HTML."""
    [cell] = [cell for cell in cells if source in cell["source"]]
    [html] = [
        output["data"]["text/html"]
        for output in cell["outputs"]
        if "text/html" in output.get("data", {})
    ]
    return str(html)


def rows(cells: list[Any], source: str) -> list[dict[str, str]]:
    """Return the rows of the table that the one cell with a piece of source shows."""
    html = shown(cells, source)
    names = [unescape(name) for name in re.findall(r"<th[^>]*>(.*?)</th>", html)]
    found = re.findall(r"<tr>(<td.*?)</tr>", html)
    return [
        dict(zip(names, map(unescape, re.findall(r"<td[^>]*>(.*?)</td>", row)), strict=True))
        for row in found
    ]


def printed(cells: list[Any]) -> str:
    """Return what all cells printed."""
    outputs = [output for cell in cells for output in cell["outputs"]]
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream")


def pictures(cells: list[Any]) -> int:
    """Return the number of charts."""
    outputs = [output for cell in cells for output in cell["outputs"]]
    return sum("image/png" in output.get("data", {}) for output in outputs)
