"""Executes notebooks in place, so that they show the current warehouse.

    FAME_WAREHOUSE=demo.duckdb python notebooks/execute.py notebooks/*.ipynb

The tests execute them in the same way, without storing the output.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient


def execute(path: Path) -> nbformat.NotebookNode:
    """Return a notebook executed in its folder, in a kernel with this process's environment."""
    notebook = nbformat.read(path, as_version=4)
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


if __name__ == "__main__":
    for name in sys.argv[1:]:
        nbformat.write(execute(Path(name)), name)
