"""Lines per second of 'fame ingest', beside the limit: DuckDB reading the file and DISTINCT.

    python benchmarks/ingest.py                      # 1,000,000 lines of each kind
    python benchmarks/ingest.py --lines 200000 --against /path/to/another/checkout

Each run is a process of its own, with its start. Memory is the peak of the process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import duckdb
from ingest_data import write

KINDS = ("bgl", "json", "access")
LIMIT = "SELECT count(*) FROM (SELECT DISTINCT line FROM read_csv(?, {options}))"
OPTIONS = (
    "columns = {'line': 'VARCHAR'}, delim = '\\x01', quote = '', escape = '', header = false, "
    "auto_detect = false"
)


class Run(NamedTuple):
    """A run: wall time, time of all processors, and the peak of memory in MB."""

    wall: float
    processor: float
    memory: float


def main() -> None:
    """Print one row per kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout, to compare with")
    arguments = parser.parse_args()
    here = Path(__file__).resolve().parent.parent
    trees = [here] + ([arguments.against.resolve()] if arguments.against else [])
    print(
        f"{'kind':8} {'tree':28} {'lines/s':>9} {'wall s':>7} {'cpu s':>7} {'MB':>6} {'limit s':>8}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            log = write(Path(folder) / f"{kind}.log", kind, arguments.lines)
            bound = min(limit(log) for _ in range(arguments.repeat))
            for tree in trees:
                best = min(ingest(tree, log) for _ in range(arguments.repeat))
                print(
                    f"{kind:8} {tree.name[:28]:28} {arguments.lines / best.wall:9.0f} "
                    f"{best.wall:7.2f} {best.processor:7.2f} {best.memory:6.0f} {bound:8.2f}"
                )


def limit(log: Path) -> float:
    """Return the seconds in which DuckDB reads the lines and finds the distinct ones."""
    start = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute(LIMIT.format(options=OPTIONS), [str(log)])
    return time.perf_counter() - start


def ingest(tree: Path, log: Path) -> Run:
    """Load a log into a new warehouse with the code of a checkout."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-P",  # Not the code of the folder in which the benchmark runs.
            "-c",
            "from fame_sql.cli import main; main()",
            "ingest",
            str(log),
        ]
        start = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--warehouse", str(Path(folder) / "w.duckdb")],
            env={**os.environ, "PYTHONPATH": str(tree)},
            stdout=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
