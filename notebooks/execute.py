"""Makes the notebooks: each script of percent cells, executed, as a notebook with its output.

    FAME_WAREHOUSE=demo.duckdb python notebooks/execute.py notebooks/*.py

Scripts without cells are left out. The tests execute the scripts in the same way, without storing
anything.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import jupytext
import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient


def read(path: Path) -> nbformat.NotebookNode:
    """Return the notebook that a script is, without output, the same each time."""
    notebook = jupytext.read(path, fmt="py:percent")
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict({"kernelspec": kernel})
    return notebook


def execute(path: Path) -> nbformat.NotebookNode:
    """Return a script executed in its folder, in a kernel with this process's environment."""
    notebook = read(path)
    # Sockets in the file system: over TCP, other users of the machine could connect.
    with TemporaryDirectory() as sockets:
        NotebookClient(
            notebook,
            km=AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/kernel"),
            timeout=300,
            record_timing=False,
            resources={"metadata": {"path": str(path.parent)}},
        ).execute(cleanup_kc=True)  # Or a kernel that is handed in lives on, with its open files.
    return notebook


def scripts(paths: list[Path]) -> Iterator[Path]:
    """Yield the scripts that are notebooks."""
    for path in paths:
        if path.read_text(encoding="utf-8").startswith("# %%"):
            yield path


if __name__ == "__main__":
    for script in scripts([Path(name) for name in sys.argv[1:]]):
        nbformat.write(execute(script), script.with_suffix(".ipynb"))
