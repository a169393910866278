"""A lake that many processes change at once, killed at random and started again.

Four load, one scores, one asks and one tends the lake (trains, merges files, redacts or expires).
In the end every line has to be there once, with the verdict of the model in force.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
from kills import Child, Forks, Tried, difference, finish
from lakes import Catalogues

import fame_sql
from fame_sql.models import champion
from fame_sql.pipeline.simulator import simulate
from fame_sql.warehouse.lake.address import parse_address, write_address
from fame_sql.warehouse.lake.agreement import disagreements
from fame_sql.warehouse.lake.opening import create_lake
from fame_sql.warehouse.warehouse import Warehouse

_LAKE = "w.lake"
_HERE = ("--warehouse", _LAKE)
_BASE = "storm_base"
_IN_A_ROUND = 12
"""Kills after which a round goes on undisturbed: each result that is compared is of a few kills."""
_LONGEST = 300.0
_COMPILE, _COMPACT = ("compile", *_HERE), ("compact", *_HERE)
_REDACT = ("redact", "bank [0-9]+", *_HERE)
_EXPIRE = ("expire", "--before", "2025-03-08", *_HERE)
_TENDING = ((_COMPACT, _COMPILE), (_COMPACT, _REDACT), (_EXPIRE, _COMPACT))
"""What tends the lake, in turn."""
_ASKED = ("query", "SELECT count(*), count(DISTINCT log_id) FROM anomalies", *_HERE)
_REFUSED = "run the command again"
"""What a command says that lost to others too often; nothing is stored then."""

_STORED = {
    "lines": "SELECT parse_filename(source_path), line_number, body FROM logs ORDER BY ALL",
    "past": "SELECT day, sum(lines) FROM fame.past_lines GROUP BY ALL ORDER BY ALL",
    "events": "SELECT event_hash, lines FROM events WHERE lines <> 0 ORDER BY ALL",
    "loads": "SELECT parse_filename(source_path), state, rows FROM fame.ingests ORDER BY ALL",
}
"""What has to be as after the same commands one by one; models differ by what they have seen."""
_UNJUDGED = "SELECT count(*) FROM scored_logs WHERE score IS NULL"
_LABELS = "SELECT count(*) FROM fame.labels WHERE log_id NOT IN (SELECT log_id FROM fame.logs)"
_KEYS = """
SELECT table_name, constraint_column_names
FROM duckdb_constraints()
WHERE schema_name = 'fame' AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')
"""


@dataclass
class Actor:
    """What one process after another does.

    Parameters
    ----------
    left : list of sequences
        The commands that are not done, the next one first.
    child : Child
        The process that runs the first of them.
    """

    left: list[Sequence[object]]
    child: Child


@dataclass
class Storm:
    """Rounds of kills in copies of one lake.

    Parameters
    ----------
    catalogues : Catalogues
        A running PostgreSQL.
    forking : Forks
        Runs the commands.
    folder : Path
        Where logs and lakes lie.
    lines : int
        Lines of each log.
    loaders, logs : int
        How many load at once, and how many logs each of them.
    refused : int
        How often a command lost to others until it said so, and was run again.
    pause : float
        The longest time between two kills, in seconds: that of a load, so that processes are killed
        at all moments of theirs however busy the machine is.
    """

    catalogues: Catalogues
    forking: Forks
    folder: Path
    lines: int = 300
    loaders: int = 4
    logs: int = 2
    refused: int = 0
    pause: float = 0.0
    _numbers: Iterator[int] = field(default_factory=count)
    _expected: dict[object, dict[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        logs = self.folder / "logs"
        logs.mkdir(parents=True)
        for number in range(1 + self.loaders * self.logs):
            simulate(logs / f"{number}.log", lines=self.lines, seed=number)
        # A model needs more than the few lines of one of them.
        simulate(logs / "0.log", lines=1500, seed=0)
        address = parse_address(self.catalogues.address(_BASE), str(self.folder / "base"))
        create_lake(address)
        write_address(logs / _LAKE, address)
        Warehouse.open(logs / _LAKE, create=True).close()
        began = time.monotonic()
        finish(self._start(logs, _load(0)))
        self.pause = time.monotonic() - began
        finish(self._start(logs, _COMPILE))

    def kill(self, kills: int, seed: int) -> Iterator[Tried]:
        """Kill processes at random until there were so many; yield the sums after each round."""
        found, draw = Tried("a lake that many change"), random.Random(seed)
        tending = list(_TENDING)
        while found.tried < kills:
            tending.append(tending.pop(0))
            place = self._new_lake()
            most = min(kills, found.tried + _IN_A_ROUND)
            self._disturb(place, tending[0], found, most, draw)
            self._complete(place, tending[0])
            if wrong := [*self._differs(place, tending[0]), *_faults(place)]:
                found.failed.extend(f"beside {tending[0][0][0]}: {text}" for text in wrong)
            else:
                shutil.rmtree(place)
            yield found

    def _new_lake(self) -> Path:
        """Copy the first lake, its catalogue and its files."""
        name = f"storm{next(self._numbers)}"
        place = self.folder / name
        shutil.copytree(self.folder / "logs", place)
        shutil.copytree(self.folder / "base", place / "data")
        address = parse_address(self.catalogues.address(name, like=_BASE), str(place / "data"))
        moved = f"UPDATE ducklake_metadata SET value = '{place}/data/' WHERE key = 'data_path'"
        self.catalogues.run("psql", name, "-c", moved)
        write_address(place / _LAKE, address, force=True)
        return place

    def _disturb(
        self,
        place: Path,
        tending: Sequence[Sequence[object]],
        found: Tried,
        kills: int,
        draw: random.Random,
    ) -> None:
        """Run everything at once, with kills, until it is done."""
        loads = [_load(1 + number) for number in range(self.loaders * self.logs)]
        works = [loads[number :: self.loaders] for number in range(self.loaders)]
        works += [[("score", *_HERE)] * 2, [_ASKED] * 2, list(tending)]
        acting = [Actor(left, self._start(place, left[0])) for left in works]
        while acting:
            time.sleep(draw.uniform(0, self.pause))
            victim = draw.randrange(len(acting)) if found.tried < kills else None
            acting = [
                actor
                for number, actor in enumerate(acting)
                if self._goes_on(place, actor, found, is_killed=number == victim)
            ]

    def _goes_on(self, place: Path, actor: Actor, found: Tried, *, is_killed: bool) -> bool:
        """Kill an actor if it is its turn, start what comes next, and return if there is any."""
        code = actor.child.wait(0)
        if code is None and not is_killed:
            return True
        if code is None:
            actor.child.kill()
            code = actor.child.wait(_LONGEST)
            found.tried += 1
        elif code == 0:
            actor.left.pop(0)
        elif _REFUSED in actor.child.said:
            self.refused += 1
        else:
            said = actor.child.said[-500:]
            found.failed.append(f"{actor.left[0][0]}: exit status {code}: {said}")
            actor.left.pop(0)
        if actor.left:
            actor.child = self._start(place, actor.left[0])
        return bool(actor.left)

    def _complete(self, place: Path, tending: Sequence[Sequence[object]]) -> None:
        """Do once more what lines that came later need as well."""
        again = [command for command in tending if command in (_REDACT, _EXPIRE)]
        for command in (*again, ("score", *_HERE)):
            finish(self._start(place, command))

    def _differs(self, place: Path, tending: Sequence[Sequence[object]]) -> Iterator[str]:
        if tending not in self._expected:
            alone = self._new_lake()
            for number in range(self.loaders * self.logs):
                finish(self._start(alone, _load(1 + number)))
            self._complete(alone, tending)
            self._expected[tending] = _stored(alone)
            shutil.rmtree(alone)
        if (found := _stored(place)) != self._expected[tending]:
            yield difference(self._expected[tending], found)

    def _start(self, place: Path, command: Sequence[object]) -> Child:
        return self.forking.start(command, folder=place)


def _load(number: int) -> Sequence[object]:
    return ("ingest", f"{number}.log", "--format", "bgl", *_HERE)


def _stored(place: Path) -> dict[str, object]:
    with Warehouse.open(place / _LAKE, read_only=True) as warehouse:
        return {name: warehouse.rows(statement) for name, statement in _STORED.items()}


def _faults(place: Path) -> Iterator[str]:
    """Yield what is doubled, not judged, or judged otherwise than by the model in force."""
    with Warehouse.open(place / _LAKE, read_only=True) as warehouse:
        for table, columns in _keys(place):
            key = ", ".join(columns)
            doubled = f"SELECT {key} FROM fame.{table} GROUP BY ALL HAVING count(*) > 1"
            if rows := warehouse.rows(doubled):
                yield f"{len(rows)} keys lie twice in {table} ({key}), such as {rows[0]}"
        for name, statement in (("lines not judged", _UNJUDGED), ("labels of no line", _LABELS)):
            if number := warehouse.value(statement):
                yield f"{number} {name}"
        yield from _judged_otherwise(warehouse)
        yield from (text for text, _ in disagreements(warehouse.connection))


def _keys(place: Path) -> list[tuple[Any, ...]]:
    """Return the keys that a warehouse in a file has."""
    with Warehouse.open(place / "keys.duckdb", create=True) as file:
        return file.rows(_KEYS)


def _judged_otherwise(warehouse: Warehouse) -> Iterator[str]:
    stored = warehouse.rows("SELECT DISTINCT body, score FROM scored_logs")
    with duckdb.connect() as plain:
        fame_sql.register(plain, model=champion(warehouse).folder)
        plain.execute("CREATE TABLE stored (body VARCHAR, score DOUBLE)")
        plain.executemany("INSERT INTO stored VALUES (?, ?)", stored)
        others = plain.execute(
            "SELECT body, score, fame_score(body) FROM stored WHERE score IS DISTINCT FROM "
            "fame_score(body)"
        ).fetchall()
    if others:
        yield f"{len(others)} messages are judged otherwise than by the model, such as {others[0]}"
