"""Scoring what a query needs and is not stored, into temporary tables of the connection."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress
from fame_sql.planner.tree import NotPlannedError
from fame_sql.scoring.cache import VerdictCache
from fame_sql.scoring.live import LiveScorer
from fame_sql.scoring.scoring import (
    BATCH,
    scoring_turn,
    store_verdicts,
    temporary_place,
    verdict_table,
)
from fame_sql.verdict import statements
from fame_sql.warehouse.disk import check_room
from fame_sql.warehouse.warehouse import read_recipe, transaction

# Each distinct message is held with its canonical text, and with its answer, and before that in
# the hash tables that find it. Measured: 4.6 times the messages' bytes ('make bench-memory').
_COPIES = 6

_DATABASE = "SELECT path, readonly FROM duckdb_databases() WHERE database_name = current_database()"

CALIBRATION = 32
"""How many texts are scored to estimate the time of the others, if none was measured before."""


@dataclass(frozen=True)
class Found:
    """What was counted for one message: see :class:`~fame_sql.planner.report.Planned`."""

    distinct: int | None = None
    missing: int = 0
    bytes_needed: int = 0
    rows: int | None = None
    messages: int | None = None


@dataclass
class Store:
    """The verdicts at hand while one statement is planned."""

    connection: duckdb.DuckDBPyConnection  # the user's own: only it sees the temporary tables
    scorer: LiveScorer
    is_warehouse: bool
    score: bool  # score what is missing; else only count it
    progress: Progress
    _messages: int = 0
    _cache: VerdictCache = field(init=False)

    def __post_init__(self) -> None:
        self._cache = self.scorer.cache(stored=False)
        if self.is_warehouse:
            parameters = {"model_version": self.scorer.model().version}
            self.connection.execute(statements.load("planner/create_events"), parameters)

    def has_events(self) -> bool:
        """Return whether lines carry the event of their message, by the scorer's own masks."""
        return (
            self.is_warehouse
            and not self._count(sql.load("planner/lines_without_event"))
            and read_recipe(self.connection.cursor()).version == self.scorer.recipe.version
        )

    def list_pending(self) -> int:
        """List the events of the warehouse without a verdict in a table; return how many."""
        self.connection.execute(sql.load("planner/create_pending"))
        return self._count("SELECT count(*) FROM temp.__fame_pending")

    def fill_events(self, wanted: str) -> Found:
        """Score the events that a query for ``event_id`` and ``rows`` returns, if not stored."""
        distinct, rows = self._want(wanted, "event_id")
        self.connection.execute(sql.load("planner/create_unscored"))
        return Found(distinct, self._score("planner/add_events", "new_verdicts"), rows=rows)

    def fill_messages(self, wanted: str) -> tuple[Found, str]:
        """Score what a query for ``message`` and ``rows`` returns; return the table of answers.

        Refused: messages that are compared by a collation
        """
        messages, rows = self._want(wanted, "message")
        if self._count(sql.load("planner/count_collated")):
            raise NotPlannedError(
                "its messages have a collation, by which different ones are equal"
            )
        needed = _COPIES * self._count(sql.load("planner/wanted_bytes"))
        check_disk(self.connection, needed)
        canonical = self.scorer.recipe.sql("message")
        keys = Template(sql.load("planner/create_keys")).safe_substitute(canonical=canonical)
        known = "planner/create_known" if self.is_warehouse else "planner/create_known_empty"
        for statement in (keys, statements.load(known), sql.load("planner/create_unknown")):
            self.connection.execute(statement)
        stored = self._count("SELECT count(*) FROM temp.__fame_known")
        missing = self._score("planner/add_known", "new_texts")
        self._messages += 1
        made = Template(sql.load("planner/create_messages")).substitute(number=self._messages)
        for statement in (made, sql.load("planner/drop_steps")):
            self.connection.execute(statement)
        found = Found(stored + missing, missing, needed, rows, messages)
        return found, f"__fame_messages_{self._messages}"

    def _want(self, wanted: str, key: str) -> tuple[int, int]:
        """Keep what a query returns in a table; return how many keys and rows that are."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE __fame_wanted AS {wanted}")
        counted = f"SELECT count({key}), coalesce(sum(rows), 0) FROM temp.__fame_wanted"
        [(keys, rows)] = self.connection.execute(counted).fetchall()
        return keys, rows

    def _count(self, statement: str) -> int:
        return int(self.connection.execute(statement).fetchall()[0][0])

    def _score(self, add: str, name: str) -> int:
        """Score what ``__fame_unscored`` holds, or measure a few; return how many there are."""
        missing = self._count("SELECT count(*) FROM temp.__fame_unscored")
        if missing and not self.score and self.scorer.seconds_each is None:
            self._judge(0, CALIBRATION)
        if not missing or not self.score:
            return missing
        path, _ = self._database()
        with scoring_turn(path), self.progress.step("scoring what is not stored", missing) as step:
            for start in range(0, missing, BATCH):
                verdicts = self._judge(start, start + BATCH)
                self._add(verdicts, add, name)
                step.advance(verdicts.num_rows)
        return missing

    def _judge(self, start: int, stop: int) -> pa.Table:
        """Return verdicts on a slice of ``__fame_unscored``."""
        statement = sql.load("planner/unscored_slice")
        texts = self.connection.sql(statement, params=[start, stop]).to_arrow_table()
        canonical = texts.column("canonical").to_pylist()
        known = self._cache.judge(self.scorer.model(), canonical)
        verdicts = [known[text] for text in canonical]
        table = verdict_table(texts.column("event_id").to_pylist(), verdicts)
        return table.append_column("canonical", texts.column("canonical"))

    def _add(self, verdicts: pa.Table, add: str, name: str) -> None:
        self.connection.register(name, verdicts)
        try:
            self.connection.execute(sql.load(add))
        finally:
            self.connection.unregister(name)
        _, is_read_only = self._database()
        if name == "new_verdicts" and not is_read_only:
            with transaction(self.connection):
                store_verdicts(self.connection, verdicts)

    def _database(self) -> tuple[Path, bool]:
        """Return where the current database is, and whether it is read only."""
        [(path, is_read_only)] = self.connection.execute(_DATABASE).fetchall()
        return Path(path or ":memory:"), is_read_only


def check_disk(connection: duckdb.DuckDBPyConnection, needed: int) -> None:
    """Raise a WarehouseError if neither memory nor disk has room for a number of bytes."""
    place = temporary_place(connection)
    check_room(needed, shutil.disk_usage(place).free, place)
