"""Loading of sources: many small ones with one commit, a large one in several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fame_sql import sql
from fame_sql.console import Step
from fame_sql.errors import InputError
from fame_sql.ingest.batch import OF_CONTENT, Absorb, Batch, refused
from fame_sql.ingest.examine import Examined
from fame_sql.ingest.file_load import FileLoad
from fame_sql.ingest.followed import Followed
from fame_sql.ingest.known import KnownLoads
from fame_sql.ingest.lines import Chunk, LineReader, read_ahead, whole_chunk
from fame_sql.ingest.macros import Macros
from fame_sql.ingest.outcomes import Loaded, Unread, with_what_is_stored
from fame_sql.ingest.reading import Reading
from fame_sql.ingest.report import IngestReport
from fame_sql.ingest.resume import Start, find_start
from fame_sql.ingest.sources import Source, latest_moment
from fame_sql.ingest.table_load import load_table
from fame_sql.ingest.tables import Table
from fame_sql.ingest.windows import windows
from fame_sql.warehouse.lake.files import merge_if_many
from fame_sql.warehouse.lake.kind import is_lake, load_for
from fame_sql.warehouse.lake.numbers import next_load
from fame_sql.warehouse.memory import limited_memory
from fame_sql.warehouse.sharing import free_number, is_shared
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_BATCH_BYTES = 1 << 28
_SHARED_CHUNK = 20_000


class Loader:
    """Loads sources into a warehouse.

    Sources are taken in windows of many small ones or one large one. What the warehouse knows of
    them is looked up with two statements for a window, and their lines are committed together.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    reading : Reading
        The settings.
    absorb : callable
        Moves the rows of ``incoming`` into ``fame.logs``.
    step : Step
        Receives the progress in bytes.
    strict : bool
        Raise the error of the first source that cannot be read.
    followed : Followed, optional
        What has been read of files that are followed; it is updated.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        reading: Reading,
        absorb: Absorb,
        step: Step,
        *,
        strict: bool,
        followed: Followed | None = None,
    ) -> None:
        self._followed = followed
        self._connection = warehouse.connection
        # Asked once: asking for each of many small files takes a third of the time.
        self._in_lake = is_lake(self._connection)
        # In a server, senders wait for the commit of a chunk.
        most = min(reading.chunk_lines, _SHARED_CHUNK) if is_shared() else reading.chunk_lines
        self._reading = replace(reading, chunk_lines=most)
        self._absorb = absorb
        self._known = KnownLoads(self._connection)
        self._macros = Macros(self._connection)
        self._batch = Batch(self._connection, absorb, self._macros, redacted=reading.redact)
        self._step = step
        self._strict = strict
        self._next_id = self._free_id()
        # What could not be committed, by the number of the load.
        self._failed: dict[int, Unread] = {}

    def load(self, sources: Iterable[Source | Table | Unread]) -> Iterator[IngestReport]:
        """Load sources, and yield a report of each as soon as its lines are committed."""
        try:
            with limited_memory(self._connection):
                for window in windows(sources, self._reading):
                    yield from self._load_window(window)
        finally:
            self._connection.execute("DROP TABLE IF EXISTS temp.incoming")
            self._connection.execute("DROP TABLE IF EXISTS temp.parts")
            self._connection.execute("DROP TABLE IF EXISTS temp.tails")
            self._macros.drop()
        if self._in_lake:
            merge_if_many(self._connection)

    def _load_window(self, window: Sequence[Examined | Table | Unread]) -> Iterator[IngestReport]:
        usable = [one for one in window if isinstance(one, Examined)]
        if usable:
            self._known.look_up(
                (one.source.identity for one in usable), (one.head for one in usable)
            )
        loads: list[FileLoad | Loaded | Unread] = []
        for one in window:
            loads.append(self._begin(one))
            self._refuse(loads[-1])
        self._commit()
        for load in loads:
            outcome = self._outcome(load)
            self._refuse(outcome)
            yield outcome.report

    def _outcome(self, load: FileLoad | Loaded | Unread) -> FileLoad | Loaded | Unread:
        """Return a load, or why it failed at its commit."""
        return self._failed.get(load.ingest_id, load) if isinstance(load, FileLoad) else load

    def _refuse(self, load: FileLoad | Loaded | Unread) -> None:
        if self._strict and isinstance(load, Unread) and load.report.state == "failed":
            self._commit()
            raise load.error

    def _begin(self, one: Examined | Table | Unread) -> FileLoad | Loaded | Unread:
        """Load a source; its last chunk may wait in the batch."""
        if isinstance(one, Unread):
            return one
        if isinstance(one, Table):
            return self._load_table(one)
        try:
            load = self._started(one)
        except InputError as error:
            return Unread(one.source.name, error)
        try:
            self._read(load)
        except InputError as error:
            self._batch.discard(load)
            self._fail(load, error)
        return self._outcome(load)

    def _load_table(self, table: Table) -> Loaded | Unread:
        self._commit()
        try:
            report = load_table(
                self._connection,
                self._macros,
                table,
                self._reading.columns,
                self._absorb,
                ingest_id=self._next_id,
                redacted=self._reading.redact,
                hints=self._reading.hints,
                strict=self._reading.strict,
            )
        except InputError as error:
            return Unread(table.name, error)
        except OF_CONTENT as error:
            self._macros.forget()
            return Unread(table.name, refused(table.name, error))
        if report.state != "unchanged":
            self._next_id = self._free_id(self._next_id)
        return Loaded(report)

    def _started(self, examined: Examined) -> FileLoad:
        start = self._find_start(examined)
        concerned = [load.ingest_id for load in (start.after, start.copy) if load is not None]
        if self._batch.holds(*concerned, *start.before):
            # Where a last record begins is known only after the commit.
            self._commit()
            start = self._find_start(examined)
        self._refuse_other_encoding(examined, start)
        stopped = start.stopped
        load = FileLoad(
            examined=examined,
            start=start,
            ingest_id=self._next_id if stopped is None else stopped.ingest_id,
            started_at=utc_now() if stopped is None else stopped.started_at,
            latest=latest_moment(examined.source, self._reading.year),
        )
        load.before = start.before
        return load

    def _find_start(self, examined: Examined) -> Start:
        if self._followed is None:
            return self._start_by_content(examined)
        start = self._followed.start(examined) or self._start_by_content(examined)
        return self._followed.continued(start)

    def _start_by_content(self, examined: Examined) -> Start:
        source = examined.source
        with examined.open() as stream:
            return find_start(
                stream,
                self._known,
                source.identity,
                source.name,
                examined.head,
                skip_copies=self._reading.skip_copies,
            )

    def _refuse_other_encoding(self, examined: Examined, start: Start) -> None:
        """Refuse to load a file again with another encoding, which would duplicate its lines."""
        before = start.replaced
        if before is None or before.encoding == examined.encoding:
            return
        raise InputError(
            f"{examined.source.name} was loaded as {before.encoding} before, and would be loaded "
            f"twice as {examined.encoding}: use the same --encoding, or load it into a new "
            "warehouse"
        )

    def _read(self, load: FileLoad) -> None:
        start, done = load.start, 0
        if start.copy_is_whole and self._reading.skip_copies:
            load.report = replace(load.report, state="left out")
        elif start.nothing_new:
            self._finish_unchanged(load)
        else:
            done = self._read_lines(load)
        self._step.advance(max(load.examined.source.size - done, 0))

    def _finish_unchanged(self, load: FileLoad) -> None:
        """Finish an interrupted load of a source without new lines."""
        if load.start.stopped is not None:
            self._connection.execute(
                load_for(self._connection, "ingest/finish"),
                {"ingest_id": load.ingest_id, "finished_at": utc_now()},
            )

    def _read_lines(self, load: FileLoad) -> int:
        """Read the lines of a source; return the number of bytes that were shown as progress."""
        start, shown = load.start, 0
        if start.stopped is None:
            self._next_id = self._free_id(self._next_id)
        if self._read_whole(load):
            return 0
        with load.examined.open() as stream:
            stream.skip(start.offset)
            reader = LineReader(
                stream,
                offset=start.offset,
                line=start.line,
                digest=start.digest,
                digested=start.digested,
                line_end=load.examined.line_end,
            )
            for chunk in read_ahead(reader, self._reading.chunk_lines):
                self._add(load, chunk)
                if load.ingest_id in self._failed:
                    break
                if stream.length is not None:
                    load.digest = reader.digest if chunk.last else None
                    self._step.advance(chunk.byte_end - start.offset - shown)
                    shown = chunk.byte_end - start.offset
        return shown

    def _read_whole(self, load: FileLoad) -> bool:
        """Add a new source that is in memory as a whole, if it is one."""
        content = load.examined.content
        if content is None or load.start.offset or load.tail is not None:
            return False
        if load.examined.line_end != b"\n":
            return False
        chunk = whole_chunk(content)
        if chunk.line_end > self._reading.chunk_lines:
            return False
        self._add(load, chunk, content)
        return True

    def _add(self, load: FileLoad, chunk: Chunk, content: bytes | None = None) -> None:
        lines = chunk.line_end if chunk.lines is None else len(chunk.lines)
        size = len(content or b"") if chunk.lines is None else chunk.lines.nbytes
        self._make_room(load, lines, size)
        self._batch.add(load, chunk, content)
        self._known.add(load.after(chunk))
        if not chunk.last:
            self._commit()

    def _make_room(self, load: FileLoad, lines: int, size: int) -> None:
        full = self._batch.lines + lines > self._reading.chunk_lines
        if full or self._batch.bytes + size > _BATCH_BYTES or self._batch.holds(load.ingest_id):
            self._commit()

    def _commit(self) -> None:
        for load, saved in self._batch.commit():
            if isinstance(saved, InputError):
                self._fail(load, saved)
                continue
            self._known.add(saved)
            if self._followed is None or saved.state != "complete":
                continue
            self._followed.loads.add(saved.ingest_id)
            file, digest = load.examined.source.file, load.digest
            if file is not None and digest is not None:
                self._followed.positions[file] = saved, digest

    def _fail(self, load: FileLoad, error: InputError) -> None:
        """Keep why a load failed at its commit."""
        examined = load.examined
        self._known.forget(load.ingest_id, examined.source.identity, examined.head)
        stored = load.report.rows
        why = with_what_is_stored(error, load)
        self._failed[load.ingest_id] = Unread(examined.source.name, why, stored)

    def _free_id(self, last: int | None = None) -> int:
        """Return the number for a load, the first one or that after ``last``."""
        if self._in_lake:
            return next_load(self._connection)
        if last is not None:
            return free_number(last + 1)
        found = self._connection.execute(sql.load("ingest/next_ingest_id")).fetchall()
        return free_number(int(found[0][0]))
