"""The stages of a warehouse in a lake that are killed."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

from kills import Stage
from lakes import Catalogues

from fame_sql.pipeline.simulator import simulate
from fame_sql.warehouse.lake.address import parse_address, write_address
from fame_sql.warehouse.lake.opening import create_lake
from fame_sql.warehouse.warehouse import Warehouse

LAKE = "w.lake"
_HERE = ("--warehouse", LAKE)
_SCORED = "SELECT line_number, score FROM scored_logs ORDER BY ALL"
_TWICE = (
    "SELECT source_path, line_number FROM fame.logs GROUP BY ALL HAVING count(*) > 1",
    "SELECT log_id FROM fame.logs GROUP BY ALL HAVING count(*) > 1",
    "SELECT event_id FROM fame.scores GROUP BY ALL HAVING count(*) > 1",
    "SELECT event_id FROM fame.provisional_events GROUP BY ALL HAVING count(*) > 1",
)


def killed_lake(catalogues: Catalogues, folder: Path, lines: int = 1500) -> Stage:
    """Return everything that is done with a lake, one command after another.

    Parameters
    ----------
    catalogues : Catalogues
        A running PostgreSQL.
    folder : Path
        Where the log is made.
    lines : int
        Lines of the log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first, second = folder / "first.log", folder / "second.log"
    simulate(first, lines=lines, seed=7)
    simulate(second, lines=lines, seed=8)
    numbers = count()

    def prepare(place: Path) -> None:
        for log in (first, second):
            shutil.copy(log, place)
        name = f"killed{next(numbers)}"
        address = parse_address(catalogues.address(name), str(place / "data"))
        create_lake(address)
        write_address(place / LAKE, address)
        Warehouse.open(place / LAKE, create=True).close()

    commands = [
        ["ingest", "first.log", "--format", "bgl", *_HERE],
        ["compile", *_HERE],
        ["ingest", "second.log", "--format", "bgl", *_HERE],
        ["score", *_HERE],
        ["compact", *_HERE],
        ["redact", "bank [0-9]+", *_HERE],
        ["score", *_HERE],
        ["expire", "--before", "2025-03-08", "--history", "0h", *_HERE],
    ]
    return Stage("a warehouse in a lake", prepare, commands, verdicts, nothing_twice)


def verdicts(place: Path) -> object:
    """Return what is in a lake, but for numbers that a repeated load gets anew."""
    with Warehouse.open(place / LAKE, read_only=True) as warehouse:
        asked = (
            "SELECT line_number, body, score FROM scored_logs ORDER BY ALL",
            "SELECT event_hash, example, lines, template_id FROM events ORDER BY ALL",
            "SELECT day, sum(lines) FROM fame.past_lines GROUP BY ALL ORDER BY ALL",
            "SELECT parse_filename(source_path), state, rows FROM fame.ingests ORDER BY ALL",
        )
        return [warehouse.rows(statement) for statement in asked]


def nothing_twice(place: Path) -> None:
    """Refuse a lake in which something lies twice."""
    with Warehouse.open(place / LAKE, read_only=True) as warehouse:
        for statement in _TWICE:
            if found := warehouse.rows(statement):
                raise AssertionError(f"{len(found)} rows of: {statement}")
