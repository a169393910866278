"""Cost of 'fame ingest' per kind of log, beside the limit: DuckDB reading the file and DISTINCT.

    python benchmarks/ingest.py                      # 1,000,000 lines of each kind
    python benchmarks/ingest.py --lines 200000 --before v1.2 --repeat 5
    python benchmarks/ingest.py --against /path/to/another/checkout

Each run is a process of its own, with its start and a new warehouse. The time of all processors
says more than wall time on a machine that others use. Memory is the peak of the process. 'start' is
a log of ten lines, 'gz' the first kind compressed, as a file and through 'zcat'; 'files' is a
folder of small files, beside one file of all their lines.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
from ingest_data import write

HERE = Path(__file__).resolve().parent.parent
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


class Input(NamedTuple):
    """What is loaded; ``piped`` through 'zcat'."""

    name: str
    path: Path
    lines: int
    piped: bool = False


def main() -> None:
    """Print one row per input and checkout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--files", type=int, default=3000, help="small files of ten lines")
    parser.add_argument("--against", type=Path, help="another checkout, to compare with")
    parser.add_argument("--before", help="a git revision, to compare with")
    arguments = parser.parse_args()
    print(
        f"{'input':14} {'code':12} {'lines/s':>9} {'wall s':>7} {'cpu s':>7} {'MB':>6} "
        f"{'limit s':>8} {'cpu ratio':>9}"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trees = [HERE]
        if arguments.against:
            trees.insert(0, arguments.against.resolve())
        if arguments.before:
            trees.insert(0, checkout(arguments.before, folder / arguments.before.replace("/", "-")))
        for log in inputs(folder, arguments.lines, arguments.files):
            compare(log, trees, arguments.repeat)


def inputs(folder: Path, lines: int, files: int) -> Iterator[Input]:
    """Yield the inputs; each is deleted after its turn."""
    yield Input("start", write(folder / "start.log", KINDS[0], 10), 10)
    for kind in KINDS:
        log = write(folder / f"{kind}.log", kind, lines)
        yield Input(kind, log, lines)
        if kind == KINDS[0]:
            packed = folder / f"{kind}.log.gz"
            with log.open("rb") as source, gzip.open(packed, "wb", 6) as target:
                shutil.copyfileobj(source, target)
            yield Input(f"{kind}.gz", packed, lines)
            yield Input(f"zcat {kind}.gz", packed, lines, piped=True)
        log.unlink()
    one = write(folder / "all.log", "json", 10 * files)
    many = folder / "files"
    many.mkdir()
    with one.open(encoding="utf-8") as source:
        for number in range(files):
            text = "".join(next(source) for _ in range(10))
            (many / f"{number:05}.log").write_text(text, encoding="utf-8")
    yield Input("one file", one, 10 * files)
    yield Input(f"{files} files", many, 10 * files)


def compare(log: Input, trees: list[Path], repeat: int) -> None:
    """Print a row for each checkout; ratios are to the first one."""
    is_plain = log.path.is_file() and log.path.suffix == ".log"
    bound = f"{min(limit(log.path) for _ in range(repeat)):8.2f}" if is_plain else f"{'':8}"
    first: Run | None = None
    for tree in trees:
        runs = [run for _ in range(repeat) if (run := ingest(tree, log))]
        if not runs:
            print(f"{log.name:14} {tree.name[:12]:12} cannot read this")
            continue
        best = min(runs, key=lambda run: run.processor)
        wall = min(run.wall for run in runs)
        first = first or best
        print(
            f"{log.name:14} {'this' if tree == HERE else tree.name[:12]:12} "
            f"{log.lines / wall:9.0f} {wall:7.2f} "
            f"{best.processor:7.2f} {max(run.memory for run in runs):6.0f} {bound} "
            f"{first.processor / best.processor:9.2f}",
            flush=True,
        )


def checkout(revision: str, folder: Path) -> Path:
    """Write the code of a git revision into a folder."""
    folder.mkdir()
    archive = subprocess.Popen(
        ["git", "-C", str(HERE), "archive", revision], stdout=subprocess.PIPE
    )
    subprocess.run(["tar", "x", "-C", str(folder)], stdin=archive.stdout, check=True)
    if archive.wait():
        raise SystemExit(f"there is no revision {revision!r}")
    return folder


def limit(log: Path) -> float:
    """Return the seconds in which DuckDB reads the lines and finds the distinct ones."""
    start = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute(LIMIT.format(options=OPTIONS), [str(log)])
    return time.perf_counter() - start


def environment(tree: Path) -> dict[str, str]:
    """Return the environment of a run: modules stay compiled, as those of an installed program."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(tree)}


def ingest(tree: Path, log: Input) -> Run | None:
    """Load an input into a new warehouse with the code of a checkout; None if it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-P",  # Not the code of the folder in which the benchmark runs.
            "-c",
            "from fame_sql.cli import main; main()",
            "ingest",
            "-" if log.piped else str(log.path),
        ]
        start = time.perf_counter()
        pipe = subprocess.Popen(["zcat", log.path], stdout=subprocess.PIPE) if log.piped else None
        process = subprocess.Popen(
            [*command, "--warehouse", str(Path(folder) / "w.duckdb")],
            env=environment(tree),
            stdin=pipe.stdout if pipe else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        processor = used.ru_utime + used.ru_stime
        if pipe:
            _, _, unpacking = os.wait4(pipe.pid, 0)
            processor += unpacking.ru_utime + unpacking.ru_stime
        wall = time.perf_counter() - start
    if status:
        return None
    return Run(wall, processor, used.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
