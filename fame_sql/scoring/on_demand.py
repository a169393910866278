"""Scoring what a query needs and is not stored, into temporary tables of the connection."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import duckdb
import pyarrow as pa

from fame_sql.console import Progress
from fame_sql.scoring.cache import VerdictCache
from fame_sql.scoring.kept import Kept, forget, keep, recall
from fame_sql.scoring.live import LiveScorer
from fame_sql.scoring.scoring import (
    BATCH,
    scoring_turn,
    store_verdicts,
    temporary_place,
    verdict_table,
)
from fame_sql.templates.answers import Answers
from fame_sql.values.heads import NO_HEADS, ValueHeads
from fame_sql.verdict import Verdict, statements
from fame_sql.warehouse import lines
from fame_sql.warehouse.disk import check_room
from fame_sql.warehouse.warehouse import read_recipe, transaction

# Each distinct message is held with its canonical text, and with its answer, and before that in
# the hash tables that find it. Measured: 4.6 times the messages' bytes ('make bench-memory').
_COPIES = 6

_DATABASE = "SELECT path, readonly FROM duckdb_databases() WHERE database_name = current_database()"

Parameters: TypeAlias = Sequence[object] | Mapping[str, object] | None
"""The values of a statement's parameters, by place or by name."""

_PARAMETER = re.compile(r"\$(\w+)")

CALIBRATION = 32
"""How many texts are scored to estimate the time of the others, if none was measured before."""


@dataclass(frozen=True)
class Counts:
    """What was counted for one query.

    Parameters
    ----------
    distinct : int or None
        Distinct events or canonical texts; None if not all were looked up.
    missing : int
        Those that were not stored.
    bytes_needed : int
        About what the temporary tables take: in memory, or on disk beyond ``memory_limit``.
    rows, messages : int or None
        Rows, and distinct messages in them; None where not counted.
    """

    distinct: int | None = None
    missing: int = 0
    bytes_needed: int = 0
    rows: int | None = None
    messages: int | None = None


@dataclass(frozen=True)
class _Judged:
    """Texts with the model's verdicts, and their events where they have one."""

    event_ids: list[int | None]
    canonical: list[str]
    verdicts: list[Verdict]

    def decided(self, answers: Answers, heads: ValueHeads) -> pa.Table:
        """Return the texts with their verdicts, decided by the answers in force.

        Those of templates with a head have no model, so that the live functions judge the message.
        """
        texts = zip(self.canonical, self.verdicts, strict=True)
        decided = [answers.decide(text, v) for text, v in texts]
        table = verdict_table(self.event_ids, decided)
        if heads:
            at = table.column_names.index("model_version")
            models = [None if heads.head_of(v) else v.model_version for v in decided]
            table = table.set_column(at, "model_version", pa.array(models, pa.string()))
        return table.append_column("canonical", pa.array(self.canonical, pa.string()))


def by_name(parameters: Parameters) -> dict[str, object]:
    """Return parameters by their names; those of a sequence are ``1``, ``2`` and so on."""
    if isinstance(parameters, Mapping):
        return dict(parameters)
    return {str(number): value for number, value in enumerate(parameters or (), 1)}


def bound(statement: str, parameters: Mapping[str, object]) -> dict[str, object] | None:
    """Return the parameters that a statement names, None if it names none."""
    named = set(_PARAMETER.findall(statement)) if parameters else ()
    return {name: value for name, value in parameters.items() if name in named} or None


@dataclass
class TemporaryVerdicts:
    """The verdicts at hand while one statement is planned and run."""

    connection: duckdb.DuckDBPyConnection  # the user's own: only it sees the temporary tables
    scorer: LiveScorer
    is_warehouse: bool  # the current database is one; then, whether it has the scorer's model
    score: bool  # score what is missing; else only count it
    progress: Progress
    parameters: Mapping[str, object] = field(default_factory=dict)  # of the statement
    in_lake: bool = False  # inside a transaction, in which nothing else changes
    _messages: int = 0
    _wanted: tuple[int, int] = (0, 0)  # messages and their rows
    _cache: VerdictCache = field(init=False)
    _kept: Kept | None = field(init=False)
    by_value: list[str] = field(init=False)  # templates whose messages their values decide
    has_heads: bool = field(init=False)  # in SQL, which judges the messages of those

    def __post_init__(self) -> None:
        self._cache = self.scorer.cache()
        self.by_value = sorted(self.scorer.model().heads.by_template)
        version = self.scorer.model().version
        self._kept = recall(self.connection, version) if self.in_lake else None
        if self._kept is None:
            self._read_events({"model_version": version})
        by_value = self.is_warehouse and bool(self.by_value)
        self.has_heads = by_value and bool(self._count_heads())

    def _read_events(self, parameters: dict[str, str]) -> None:
        """Make the table of the stored verdicts."""
        # After USE of another warehouse, neither its verdicts nor its tables are for this model.
        self.is_warehouse = self.is_warehouse and bool(self._count(_load("models"), parameters))
        if not self.is_warehouse:
            return
        self.connection.execute(_load("create_events"), parameters)
        if self.by_value:
            self.connection.execute(_load("create_heads"), parameters)
        if self.by_value and not self._count_heads():  # The model is not the champion.
            self.connection.execute(_load("leave_values"), {"templates": self.by_value})
        if self.in_lake:
            self._kept = keep(self.connection, **parameters)

    def _count_heads(self) -> int:
        return self._count("SELECT count(*) FROM temp.__fame_heads")

    def has_events(self) -> bool:
        """Return whether lines carry the event of their message, by the scorer's own masks.

        Not if others have changed lines since fame-sql stored them.
        """
        if self._kept is None:
            return self._has_events()
        if self._kept.has_events is None:
            self._kept.has_events = self._has_events()
        return self._kept.has_events

    def _has_events(self) -> bool:
        return (
            self.is_warehouse
            and lines.usable(self.connection) is not None
            and not self._count(_load("lines_without_event"))
            and read_recipe(self.connection.cursor()).version == self.scorer.recipe.version
        )

    def list_pending(self) -> int:
        """List the events of the warehouse without a verdict in a table; return how many."""
        if self._kept is not None and self._kept.pending == 0:
            return 0
        self.connection.execute(_load("create_pending"))
        pending = self._count("SELECT count(*) FROM temp.__fame_pending")
        if self._kept is not None:
            self._kept.pending = pending
        return pending

    def fill_events(self, wanted: str) -> Counts:
        """Score the events that a query for ``event_id`` and ``rows`` returns, if not stored."""
        distinct, rows = self._want(wanted, "event_id")
        self.connection.execute(_load("create_unscored"))
        return Counts(distinct, self._score("add_events", "new_verdicts"), rows=rows)

    def want_messages(self, wanted: str) -> bool:
        """Keep what a query for ``message`` and ``rows`` returns.

        Returns
        -------
        bool
            Whether the messages have no collation: by one, different messages are equal.
        """
        self._wanted = self._want(wanted, "message")
        return not self._count(_load("count_collated"))

    def fill_messages(self) -> tuple[Counts, str]:
        """Score the messages that are wanted, if not stored; return the table of answers."""
        messages, rows = self._wanted
        needed = _COPIES * self._count(_load("wanted_bytes"))
        check_disk(self.connection, needed)
        keys = _load("create_keys", canonical=self.scorer.recipe.sql("message"))
        known = _load("create_known" if self.is_warehouse else "create_known_empty")
        for statement in (keys, known, _load("create_unknown")):
            self.connection.execute(statement)
        stored = self._count("SELECT count(*) FROM temp.__fame_known")
        missing = self._score("add_known", "new_texts")
        self._messages += 1
        made = self._load_messages()
        for statement in (made, _load("drop_steps")):
            self.connection.execute(statement)
        found = Counts(stored + missing, missing, needed, rows, messages)
        return found, f"__fame_messages_{self._messages}"

    def _load_messages(self) -> str:
        number = str(self._messages)
        if not self.has_heads:
            return _load("create_messages", number=number)
        moved = statements.columns_of_lines(True, "known", "keys.message", "value_heads")
        return _load("create_messages_by_value", number=number, score=moved["score"])

    def _want(self, wanted: str, key: str) -> tuple[int, int]:
        """Keep what a query returns in a table; return how many keys and rows that are."""
        made = f"CREATE OR REPLACE TEMP TABLE __fame_wanted AS {wanted}"
        self.connection.execute(made, bound(made, self.parameters))
        counted = f"SELECT count({key}), coalesce(sum(rows), 0) FROM temp.__fame_wanted"
        [(keys, rows)] = self.connection.execute(counted).fetchall()
        return keys, rows

    def _count(self, statement: str, parameters: object = None) -> int:
        return int(self.connection.execute(statement, parameters).fetchall()[0][0])

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
                step.advance(self._add(self._judge(start, start + BATCH), add, name))
        return missing

    def _judge(self, start: int, stop: int) -> _Judged:
        """Return the model's verdicts on a slice of ``__fame_unscored``."""
        statement = _load("unscored_slice")
        texts = self.connection.sql(statement, params=[start, stop]).to_arrow_table()
        canonical = texts.column("canonical").to_pylist()
        known = self._cache.judge(self.scorer.model(), canonical)
        verdicts = [known[text] for text in canonical]
        return _Judged(texts.column("event_id").to_pylist(), canonical, verdicts)

    def _add(self, judged: _Judged, add: str, name: str) -> int:
        """Add verdicts to the temporary tables, and the model's own to the warehouse."""
        self.connection.register(name, self._decided(judged))
        try:
            self.connection.execute(_load(add))
        finally:
            self.connection.unregister(name)
        path, is_read_only = self._database()
        # After USE of a copy, its model is known there too, but it is not the user's warehouse.
        if name == "new_verdicts" and not is_read_only and path == self.scorer.home:
            self._store(verdict_table(judged.event_ids, judged.verdicts))
        return len(judged.verdicts)

    def _store(self, verdicts: pa.Table) -> None:
        """Store a model's verdicts; over a lake, beside the transaction of the plan."""
        forget(self.connection)
        self._kept = None
        beside = self.connection.cursor() if self.in_lake else nullcontext(self.connection)
        with beside as own, transaction(own):
            store_verdicts(own, verdicts)

    def _decided(self, judged: _Judged) -> pa.Table:
        heads = NO_HEADS if self.has_heads else self.scorer.model().heads
        return judged.decided(self.scorer.read_answers(), heads)

    def _database(self) -> tuple[Path, bool]:
        """Return where the current database is, and whether it is read only."""
        [(path, is_read_only)] = self.connection.execute(_DATABASE).fetchall()
        return Path(path or ":memory:"), is_read_only


def check_disk(connection: duckdb.DuckDBPyConnection, needed: int) -> None:
    """Raise a WarehouseError if neither memory nor disk has room for a number of bytes."""
    place = temporary_place(connection)
    check_room(needed, shutil.disk_usage(place).free, place)


def _load(name: str, **placeholders: str) -> str:
    return statements.load(f"scoring/on_demand/{name}", by_value=False, **placeholders)
