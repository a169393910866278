"""A lake beside a file: writers side by side, kills, small files, sizes.

python benchmarks/lake.py                  everything, in about ten minutes
python benchmarks/lake.py --parts kills --kills 60 --seed 1      again with 2, 3, ...

It needs PostgreSQL, DuckDB 1.5.5 and its extensions: 'make bench-lake' gives it both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import lakes
from kills import Forks, Tried, forks, rounds_of_kills
from lake_planned import measure_planned
from lake_stages import killed_lake
from lake_storm import Storm

from fame_sql.ingest import ingest_file
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.pipeline.simulator import simulate
from fame_sql.storage.compaction import compact_lake
from fame_sql.warehouse.lake.address import parse_address, write_address
from fame_sql.warehouse.lake.files import count_files
from fame_sql.warehouse.lake.opening import EXTENSIONS, create_lake
from fame_sql.warehouse.warehouse import Warehouse

PARTS = ("writers", "beside", "kills", "stages", "small", "sizes", "planned")
_FAME = [sys.executable, "-W", "ignore", "-m", "fame_sql"]
_QUESTION = "SELECT domain, count(*) FROM anomalies GROUP BY ALL"


class Bench:
    """Makes logs and lakes in a folder.

    Parameters
    ----------
    folder : Path
        Where they lie.
    catalogues : Catalogues
        A running PostgreSQL.
    lines : int
        Lines of each log.
    """

    def __init__(self, folder: Path, catalogues: lakes.Catalogues, lines: int) -> None:
        self.folder = folder
        self.catalogues = catalogues
        self.lines = lines

    def lake(self, name: str) -> Path:
        """Make an empty lake."""
        path = self.folder / f"{name}.lake"
        address = parse_address(self.catalogues.address(name), str(self.folder / f"{name}.data"))
        create_lake(address)
        write_address(path, address)
        Warehouse.open(path, create=True).close()
        return path

    def refused_commits(self) -> int:
        """Return how many commits PostgreSQL has refused because another came first."""
        return (self.catalogues.folder / "log").read_bytes().count(b"ducklake_snapshot_pkey")

    @contextmanager
    def forks(self, name: str) -> Iterator[Forks]:
        """Have a process that starts children which can be killed."""
        place = self.folder / f"forks-{name}"
        place.mkdir()
        with forks(place) as forking:
            yield forking

    def log(self, seed: int, lines: int | None = None) -> Path:
        """Simulate a log."""
        path = self.folder / f"log-{seed}-{lines or self.lines}.log"
        if not path.exists():
            simulate(path, lines=lines or self.lines, seed=seed)
        return path


def start(*words: object) -> subprocess.Popen[bytes]:
    """Start a command of fame."""
    line = [*_FAME, *map(str, words)]
    return subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait for commands, which all have to succeed."""
    for process in started:
        _, said = process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"a command failed: {said.decode(errors='replace')[-500:]}")


def measure_writers(bench: Bench, times: int = 3) -> Iterator[str]:
    """Load by several processes at once, as ratio to one that loads into a file.

    All are measured in turns, and the shortest of each counts, so that what else the machine does
    changes their ratios little.
    """
    logs = [bench.log(seed) for seed in range(4)]
    best = dict.fromkeys((0, 1, 2, 4), float("inf"))
    refused = bench.refused_commits()
    for number in range(times):
        for writers in best:
            path = bench.lake(f"writers{writers}x{number}") if writers else None
            file = bench.folder / f"alone{number}.duckdb"
            loads = logs[: max(writers, 1)]
            seconds = timed(lambda at=path or file, of=loads: finish([load(log, at) for log in of]))
            best[writers] = min(best[writers], seconds)
            if path is not None:
                _check_numbers(path, writers * bench.lines)
    yield f"one process into a file: {bench.lines / best[0]:,.0f} lines/s, start included"
    for writers in (1, 2, 4):
        rate = writers * bench.lines / best[writers]
        ratio = rate * best[0] / bench.lines
        yield f"{writers} into a lake: {rate:,.0f} lines/s, {ratio:.2f} of it"
    yield f"{bench.refused_commits() - refused} commits refused and tried again"


def _check_numbers(lake: Path, expected: int) -> None:
    with Warehouse.open(lake, read_only=True) as opened:
        lines, numbers = opened.rows("SELECT count(*), count(DISTINCT log_id) FROM logs")[0]
    if lines != numbers or lines != expected:
        raise SystemExit(f"{lines} lines with {numbers} numbers of {expected}")


def load(log: Path, warehouse: Path) -> subprocess.Popen[bytes]:
    """Start loading a log."""
    return start("ingest", log, "--format", "bgl", "--warehouse", warehouse)


def measure_beside(bench: Bench) -> Iterator[str]:
    """Four processes load and one scores while eight connections ask."""
    import fame_sql

    lake = bench.lake("beside")
    with Warehouse.open(lake) as warehouse:
        ingest_file(warehouse, bench.log(0), format="bgl")
        compile_model(warehouse)
    readers = [fame_sql.connect(lake, read_only=True) for _ in range(8)]
    refused = bench.refused_commits()
    loading = [load(bench.log(seed), lake) for seed in range(1, 5)]
    scoring = [start("score", "--warehouse", lake)]
    waited: list[float] = []
    while any(process.poll() is None for process in loading):
        waited.extend(timed(lambda r=reader: r.execute(_QUESTION).fetchall()) for reader in readers)
    finish([*loading, *scoring])
    finish([start("score", "--warehouse", lake)])
    for reader in readers:
        reader.close()
    with Warehouse.open(lake, read_only=True) as warehouse:
        unscored = warehouse.value("SELECT count(*) FROM scored_logs WHERE score IS NULL")
        doubled = warehouse.value("SELECT count(*) - count(DISTINCT event_id) FROM fame.scores")
    cuts = statistics.quantiles(waited, n=100)
    yield (
        f"{len(waited)} questions of 8 readers beside 4 writers and a scorer: median "
        f"{statistics.median(waited) * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms; "
        f"{unscored} lines without a verdict and {doubled} doubled verdicts after it; "
        f"{bench.refused_commits() - refused} commits refused and tried again"
    )


def measure_kills(bench: Bench, kills: int, seed: int) -> Iterator[str]:
    """Kill processes that load, score, ask and tend one lake at once."""
    with bench.forks("kills") as forking:
        storm = Storm(bench.catalogues, forking, bench.folder / "storm")
        for tried in storm.kill(kills, seed):
            yield f"{_sums(tried)}, {storm.refused} commands refused and run again"


def measure_stages(bench: Bench, kills: int, seed: int) -> Iterator[str]:
    """Kill what is done with a lake, one command after another."""
    stage = killed_lake(bench.catalogues, bench.folder / "killed")
    with bench.forks("stages") as forking:
        for tried in rounds_of_kills(stage, forking, bench.folder / "rounds", kills, seed):
            yield _sums(tried)


def _sums(tried: Tried) -> str:
    wrong = "; ".join(tried.failed[-5:])
    return (
        f"{tried.tried} kills, {len(tried.failed)} left something lost or doubled {wrong}".strip()
    )


def measure_small(bench: Bench, loads: int) -> Iterator[str]:
    """Load a thousand lines many times: what one load takes, and how many files stay."""
    lake, log = bench.lake("small"), bench.log(9, 1000)
    seconds = []
    with Warehouse.open(lake) as warehouse:
        for number in range(loads):
            part = bench.folder / f"part-{number}.log"
            part.write_bytes(log.read_bytes())
            seconds.append(timed(lambda p=part: ingest_file(warehouse, p, format="bgl")))
            part.unlink()
        before = count_files(warehouse.connection).files
        report = compact_lake(warehouse)
    tenth = max(loads // 10, 1)
    first, last = statistics.median(seconds[:tenth]), statistics.median(seconds[-tenth:])
    yield (
        f"{loads} loads of 1,000 lines: {first:.2f} s each at first, {last:.2f} s at last; "
        f"{before} files, {report.files_after} after 'fame compact'"
    )


def measure_sizes(bench: Bench) -> Iterator[str]:
    """Bytes of a line in a lake, in a file and in the raw log."""
    log, lake, file = bench.log(0), bench.lake("sizes"), bench.folder / "sizes.duckdb"
    for path in (lake, file):
        with Warehouse.open(path, create=True) as warehouse:
            ingest_file(warehouse, log, format="bgl")
    with Warehouse.open(lake, read_only=True) as warehouse:
        in_lake = count_files(warehouse.connection).bytes
    sizes = {"raw log": log.stat().st_size, "file": file.stat().st_size, "lake": in_lake}
    yield ", ".join(f"{name} {size / bench.lines:.0f} bytes a line" for name, size in sizes.items())


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def setting(lines: int) -> Iterator[Bench]:
    """Run PostgreSQL and make the extensions known while the block runs."""
    with tempfile.TemporaryDirectory(prefix="fame-lake-") as name, lakes.running_postgres() as runs:
        folder = Path(name)
        extensions = lakes.extensions(folder / "extensions")
        if extensions is None:
            raise SystemExit("this DuckDB has no extension for lakes here: run 'make bench-lake'")
        os.environ[EXTENSIONS] = str(extensions)
        yield Bench(folder, runs, lines)


def main() -> None:
    """Measure what is asked for, and print a line for each result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--lines", type=int, default=100_000, help="of each log")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="of the kills: another for each batch")
    parser.add_argument("--loads", type=int, default=200)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the planned statements")
    given = parser.parse_args()
    with setting(given.lines) as bench:
        parts: dict[str, Callable[[], Iterator[str]]] = {
            "writers": lambda: measure_writers(bench),
            "beside": lambda: measure_beside(bench),
            "kills": lambda: measure_kills(bench, given.kills, given.seed),
            "stages": lambda: measure_stages(bench, given.kills, given.seed),
            "small": lambda: measure_small(bench, given.loads),
            "sizes": lambda: measure_sizes(bench),
            "planned": lambda: measure_planned(
                bench.folder / "planned.duckdb",
                bench.lake("planned"),
                bench.log(0, 20_000),
                given.rows,
            ),
        }
        for part in given.parts:
            for line in parts[part]():
                print(f"{part}: {line}", flush=True)


if __name__ == "__main__":
    main()
