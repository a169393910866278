"""Planned statements over a file and over the lake that it was copied into, in turns.

Each is asked in a process of its own, for its own peak memory (only Linux reports it). A statement
is asked of one and then of the other, several times, and the shortest of each counts, so that what
else the machine does changes their ratio little.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from scale_data import make_rows

import fame_sql
from fame_sql.ingest import ingest_file
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.storage.into_lake import copy_into_lake
from fame_sql.warehouse.lines import record
from fame_sql.warehouse.warehouse import Warehouse

PLANNED = {
    "count": "SELECT count(*) FROM logs WHERE fame_score(body) > 0.5",
    "by domain": "SELECT fame_domain(body), count(*) FROM logs GROUP BY ALL",
    "one hour": (
        "SELECT count(*) FROM logs WHERE fame_score(body) > 0.5 "
        "AND timestamp BETWEEN '2026-01-01 01:00' AND '2026-01-01 02:00'"
    ),
}
_SETTINGS = "SET memory_limit = '4GB'; SET enable_progress_bar = false"


@dataclass
class Asked:
    """What one of the two took.

    Parameters
    ----------
    seconds : dict
        By statement, the shortest of several times.
    first : float
        Seconds of the first statement of all, which reads what later ones keep.
    peak : float
        Peak memory of the process, in GB.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    first: float = 0.0
    peak: float = 0.0


def fill(file: Path, lake: Path, log: Path, rows: int) -> None:
    """Make a file with that many lines like those of a log, and copy it into an empty lake."""
    with Warehouse.open(file, create=True) as warehouse:
        warehouse.rows(_SETTINGS)
        warehouse.rows("SET preserve_insertion_order = false")
        ingest_file(warehouse, log, format="bgl")
        compile_model(warehouse)
        make_rows(warehouse.connection, rows)
        record(warehouse.connection)
    with Warehouse.open(lake, external_access=True) as opened:
        opened.rows(_SETTINGS)
        copy_into_lake(file, opened)


def ask(file: Path, lake: Path, times: int) -> tuple[Asked, Asked]:
    """Ask the statements of both in turns."""
    both = Asked(), Asked()
    with asking(file) as first, asking(lake) as second:
        pairs = list(zip(both, (first, second), strict=True))
        for asked, pipe in pairs:
            asked.first = _answer(pipe, PLANNED["count"])
        for name, text in PLANNED.items():
            for _ in range(times + 1):
                for asked, pipe in pairs:
                    seconds = _answer(pipe, text)
                    asked.seconds[name] = min(seconds, asked.seconds.get(name, seconds))
        for asked, pipe in pairs:
            asked.peak = _answer(pipe, "")
    return both


@contextmanager
def asking(path: Path) -> Iterator[Connection]:
    """Run a process that has a warehouse open and times what it is asked, while the block runs."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(path, theirs))
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join()


def _answer(pipe: Connection, statement: str) -> float:
    pipe.send(statement)
    return float(pipe.recv())


def _serve(path: Path, pipe: Connection) -> None:
    """Answer the seconds of each statement, and the peak memory in GB to none."""
    with fame_sql.connect(path, plan=True) as connection:
        connection.execute(_SETTINGS)
        while True:
            try:
                statement = pipe.recv()
            except EOFError:
                return
            if not statement:
                pipe.send(_peak())
                continue
            began = time.perf_counter()
            connection.execute(statement).fetchall()
            pipe.send(time.perf_counter() - began)


def _peak() -> float:
    """Return the peak memory in GB; what :mod:`resource` says is also of the process that began."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1e6 for line in status if line.startswith("VmHWM"))


def measure_planned(file: Path, lake: Path, log: Path, rows: int) -> Iterator[str]:
    """Yield what planned statements take in a lake and in a file with the same lines."""
    fill(file, lake, log, rows)
    in_file, in_lake = ask(file, lake, times=5 if rows <= 10_000_000 else 3)
    for name, seconds in in_lake.seconds.items():
        beside = in_file.seconds[name]
        yield (
            f"{name} of {rows:,} lines: {seconds:.2f} s in the lake, {beside:.2f} s in the file, "
            f"{seconds / beside:.1f} times"
        )
    size = file.stat().st_size / 1e9
    yield (
        f"the first statement: {in_lake.first:.1f} s and {in_file.first:.1f} s; memory: "
        f"{in_lake.peak:.2f} GB and {in_file.peak:.2f} GB; the file has {size:.1f} GB"
    )
