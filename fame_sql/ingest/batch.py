"""Chunks of one or more sources that are committed together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fame_sql import sql
from fame_sql.errors import ConflictError, InputError
from fame_sql.ingest.file_load import FileLoad, save_loads
from fame_sql.ingest.known import Load
from fame_sql.ingest.lines import Chunk
from fame_sql.ingest.macros import Macros
from fame_sql.ingest.parts import SCALE, Part, read_parts
from fame_sql.ingest.report import EXAMPLES, ParseFault
from fame_sql.ingest.tail import Tail
from fame_sql.warehouse.connection import first_line, is_damage
from fame_sql.warehouse.lake.kind import load_for
from fame_sql.warehouse.lines import remove
from fame_sql.warehouse.warehouse import transaction

_READ_AGAIN = (
    "byte_offset >= (SELECT min(t.byte_offset) FROM tails AS t WHERE t.ingest_id = logs.ingest_id)"
)

_CONFLICTS = 20
"""How often a commit is tried again in a lake."""

OF_CONTENT = (
    *(duckdb.DataError, duckdb.ProgrammingError, duckdb.NotSupportedError),
    duckdb.InternalError,
)
"""Errors of DuckDB that the lines of one source can cause, while others can be stored."""

Absorb = Callable[[duckdb.DuckDBPyConnection], None]
"""Moves the rows of ``incoming`` into ``fame.logs``, inside the batch's transaction."""


def refused(name: str, error: Exception) -> InputError:
    """Return the error for a source whose lines DuckDB cannot store, with what to do."""
    return InputError(
        f"{name} cannot be read, DuckDB says: {first_line(error)}; read it with --format text, and "
        "please report it"
    )


class Batch:
    """Collects chunks, and commits them with the positions to resume from.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse.
    absorb : callable
        Moves the rows of ``incoming`` into ``fame.logs``.
    macros : Macros
        The macros of its statements.
    redacted : bool
        Mask secrets, addresses and names.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        absorb: Absorb,
        macros: Macros,
        *,
        redacted: bool,
    ) -> None:
        self._connection = connection
        self._absorb = absorb
        self._macros = macros
        self._redacted = redacted
        self._parts: list[Part] = []
        self._load_ids: set[int] = set()
        self.lines = 0
        self.bytes = 0

    def add(self, load: FileLoad, chunk: Chunk, content: bytes | None = None) -> None:
        """Add a chunk; a load has at most one chunk in a batch.

        ``content`` is the source, if the lines of the chunk are to be read from it.
        """
        lines = chunk.lines
        if lines is not None and load.tail is not None and load.tail.lines is not None:
            lines = pa.concat_tables([load.tail.lines, lines])
        first = 1 if content is not None else chunk.line_end
        if lines is not None and len(lines):
            first = lines["line_number"][0].as_py()
        place = first
        if self._parts:
            last = self._parts[-1]
            place = last.chunk.line_end + last.shift + 1
        if lines is not None and place != first:
            moved = pc.add(lines["line_number"], place - first)
            lines = lines.set_column(1, "line_number", moved)
        self._parts.append(Part(load, chunk, lines, content, place, place - first))
        self._load_ids.add(load.ingest_id)
        self.lines += chunk.line_end - first + 1
        self.bytes += len(content or b"") if lines is None else lines.nbytes

    def holds(self, *load_ids: int) -> bool:
        """Return whether a chunk of a load with one of these numbers waits for its commit."""
        return not self._load_ids.isdisjoint(load_ids)

    def discard(self, load: FileLoad) -> None:
        """Leave out what waits of a load."""
        self._parts = [part for part in self._parts if part.load is not load]
        self._load_ids.discard(load.ingest_id)

    def commit(self) -> list[tuple[FileLoad, Load | InputError]]:
        """Commit all chunks that wait.

        Returns
        -------
        list of (FileLoad, Load or InputError)
            Each load with its row of ``fame.ingests``, or with the reason why it is not stored.
        """
        parts, self._parts, self.lines, self.bytes = self._parts, [], 0, 0
        self._load_ids.clear()
        return self._stored(parts) if parts else []

    def _stored(self, parts: list[Part]) -> list[tuple[FileLoad, Load | InputError]]:
        """Commit parts; of those that fail together, each half is tried alone."""
        try:
            return self._stored_together(parts)
        except OF_CONTENT as error:
            if is_damage(error):
                raise
            if len(parts) == 1:
                load = parts[0].load
                return [(load, refused(load.examined.source.name, error))]
        half = len(parts) // 2
        return [*self._stored(parts[:half]), *self._stored(parts[half:])]

    def _stored_together(self, parts: list[Part]) -> list[tuple[FileLoad, Load | InputError]]:
        for _ in range(_CONFLICTS):
            # In a lake, someone else can have deleted lines at the same moment.
            with suppress(ConflictError), self._unless_stored(parts):
                return self._store(parts)
        with self._unless_stored(parts):
            return self._store(parts)

    @contextmanager
    def _unless_stored(self, parts: list[Part]) -> Iterator[None]:
        """Put loads back as they were if the block fails, and make the macros again."""
        before = [dict(vars(part.load)) for part in parts]
        try:
            yield
        except (ConflictError, *OF_CONTENT):
            for part, state in zip(parts, before, strict=True):
                vars(part.load).update(state)
            self._macros.forget()
            raise

    def _store(self, parts: list[Part]) -> list[tuple[FileLoad, Load | InputError]]:
        with transaction(self._connection, appends=True):
            read_parts(self._connection, self._macros, parts, redacted=self._redacted)
            # A record that stays as it is counts neither as read again nor as known.
            tails = _create_tails(self._connection, parts)
            for part in parts:
                if part.load.before:
                    _leave_out_known(self._connection, part, joined=part.layout.grows)
            last_records = _count(self._connection, parts)
            _delete_tails(self._connection, tails)
            self._absorb(self._connection)
            saved = [part.load.save(part.chunk, self._tail(part, last_records)) for part in parts]
            save_loads(self._connection, saved)
        return [(part.load, row) for part, row in zip(parts, saved, strict=True)]

    def _tail(self, part: Part, last_records: dict[int, tuple[int, int]]) -> Tail | None:
        load_id = part.load.ingest_id
        if not part.continues or load_id not in last_records:
            return None
        line_number, byte_offset = last_records[load_id]
        # Half of a last line was joined to the record before, which the whole line may not be.
        is_joined = part.chunk.tail_offset is not None and byte_offset < part.chunk.tail_offset
        if part.chunk.last and not part.layout.grows and not is_joined:
            return None
        chunk = replace(part.chunk, lines=part.numbered)
        return Tail.of_chunk(load_id, byte_offset, line_number, chunk)


def _leave_out_known(connection: duckdb.DuckDBPyConnection, part: Part, *, joined: bool) -> None:
    """Leave out the records at the beginning of a source that were loaded under its name."""
    load, chunk = part.load, part.chunk
    cut = chunk.last and (joined or chunk.tail_offset is not None)
    # Half of a line may have been joined to the record before.
    last_place = _last_place(connection, load.ingest_id) if cut else -1
    found = connection.execute(
        sql.load("ingest/known_records"),
        {
            "before": list(load.before),
            "ingest_id": load.ingest_id,
            "cut_place": last_place,
        },
    ).fetchall()[0]
    first_place, records, known_have_times, any_has_time = found
    # Many programs begin each file with the same lines without a time.
    if not records or (any_has_time and not known_have_times):
        load.before = ()
        return
    connection.execute(
        "DELETE FROM incoming WHERE ingest_id = ? AND place < ?", [load.ingest_id, first_place]
    )
    load.report = replace(load.report, state="truncated")
    if first_place <= (last_place if cut else (chunk.line_end + part.shift) * SCALE):
        load.before = ()


def _last_place(connection: duckdb.DuckDBPyConnection, ingest_id: int) -> int:
    found = connection.execute("SELECT max(place) FROM incoming WHERE ingest_id = ?", [ingest_id])
    return int(found.fetchall()[0][0] or 0)


def _count(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]
) -> dict[int, tuple[int, int]]:
    """Count the rows of each load; return the number and the offset of its last record."""
    counted = connection.execute(sql.load("ingest/count_incoming")).fetchall()
    faults = _faults(connection) if any(row[2] for row in counted) else {}
    loads = {part.load.ingest_id: part.load for part in parts}
    for ingest_id, rows, errors, _, _, *shares in counted:
        loads[ingest_id].count(rows, errors, faults.get(ingest_id, []), shares)
    return {row[0]: (row[3], row[4]) for row in counted}


def _faults(connection: duckdb.DuckDBPyConnection) -> dict[int, list[ParseFault]]:
    found: dict[int, list[ParseFault]] = defaultdict(list)
    rows = connection.execute(sql.load("ingest/faults"), {"most": EXAMPLES}).fetchall()
    for ingest_id, line_number, parse_error, excerpt in rows:
        found[ingest_id].append(ParseFault(line_number, parse_error, excerpt))
    return found


def _create_tails(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]
) -> dict[int, FileLoad]:
    """Find the records that are read again; those that are what they were stay as they are.

    Returns
    -------
    dict of int to FileLoad
        The load that reads a record again, by the number of the load that holds it.
    """
    loads = [part.load for part in parts if part.load.tail is not None]
    tails = [load.tail for load in loads if load.tail is not None]
    if not tails:
        return {}
    connection.execute(
        sql.load("ingest/tails"),
        {
            "ingest_ids": [tail.ingest_id for tail in tails],
            "byte_offsets": [tail.byte_offset for tail in tails],
            "load_ids": [load.ingest_id for load in loads],
        },
    )
    unchanged = connection.execute(sql.load("ingest/unchanged_tails")).fetchall()
    for place in unchanged:
        connection.execute("DELETE FROM incoming WHERE ingest_id = ? AND byte_offset = ?", place)
        connection.execute("DELETE FROM tails WHERE load_id = ?", [place[0]])
    kept = {load_id for load_id, _ in unchanged}
    pairs = zip(tails, loads, strict=True)
    return {tail.ingest_id: load for tail, load in pairs if load.ingest_id not in kept}


def _delete_tails(connection: duckdb.DuckDBPyConnection, tails: Mapping[int, FileLoad]) -> None:
    """Delete the records that are read again, and subtract them where they have been counted."""
    if not tails:
        return
    connection.execute(load_for(connection, "ingest/uncount_tail"))
    remove(connection, _READ_AGAIN)
    again = connection.execute(sql.load("ingest/lines_read_again")).fetchall()
    connection.execute(sql.load("ingest/delete_tail"))
    for ingest_id, error in again:
        tails[ingest_id].uncount(1, int(error))
