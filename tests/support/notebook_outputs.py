"""What the notebooks show when they are executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from execute import execute

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def executed(name: str) -> list[Any]:
    """Execute a notebook and return its cells of code with what they showed."""
    notebook = execute(NOTEBOOKS / name)
    return [cell for cell in notebook.cells if cell["cell_type"] == "code"]


def shown(cells: list[Any], source: str) -> str:
    """Return the table that the one cell with a piece of source shows, as HTML."""
    [cell] = [cell for cell in cells if source in cell["source"]]
    [output] = cell["outputs"]
    return str(output["data"]["text/html"])
