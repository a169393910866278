"""Following files and folders: what is written to them is loaded until someone stops it."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fame_sql.console import SilentProgress
from fame_sql.errors import InputError, WarehouseError
from fame_sql.events.events import absorb
from fame_sql.ingest.batch import Absorb
from fame_sql.ingest.expansion import found_paths, sources_of
from fame_sql.ingest.followed import Followed
from fame_sql.ingest.identity import STANDARD_INPUT, rotation_order, stem
from fame_sql.ingest.loader import Loader
from fame_sql.ingest.reading import Reading
from fame_sql.ingest.report import IngestReport
from fame_sql.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Seen:
    """The state of a file when it was read: another state is something to read."""

    device: int
    number: int
    size: int
    modified: int

    @property
    def file(self) -> tuple[int, int]:
        """What stays when a file is renamed."""
        return self.device, self.number


def follow(
    opened: Callable[[], AbstractContextManager[Warehouse]],
    inputs: Sequence[Path | str],
    reading: Reading | None = None,
    *,
    every: float = 1.0,
    stop: threading.Event | None = None,
    absorb: Absorb = absorb,
) -> Iterator[IngestReport]:
    """Load what is written to files and folders, and yield a report of each source with new lines.

    A file that is rotated is read to its end under its new name before the new file is read.
    Between two rounds the warehouse can be closed, so that other processes can read it.

    Parameters
    ----------
    opened : callable
        Opens the warehouse for one round.
    inputs : sequence of Path or str
        Files, folders and patterns; files that appear in them are read as well.
    reading : Reading, optional
        The settings.
    every : float
        Seconds between two looks at the files.
    stop : threading.Event, optional
        Ends the loop when it is set.
    absorb : callable
        Moves the rows of ``incoming`` into ``fame.logs``, inside the transaction.

    Raises
    ------
    InputError
        If standard input is named.
    """
    if any(str(given) == STANDARD_INPUT for given in inputs):
        raise InputError("--follow reads files and folders: leave it out to read standard input")
    watch = Watch([Path(given) for given in inputs])
    stop, followed, first = stop or threading.Event(), Followed(), True
    while not stop.is_set():
        with _tolerant(not first), opened() as warehouse:
            yield from _round(warehouse, watch, reading or Reading(), followed, absorb)
            first = False
        while not stop.wait(every) and not watch.has_news():
            pass


@contextmanager
def _tolerant(tolerant: bool) -> Iterator[None]:
    """Go on if another process holds the warehouse, except in the first round."""
    try:
        yield
    except WarehouseError:
        if not tolerant:
            raise


def _round(
    warehouse: Warehouse, watch: Watch, reading: Reading, followed: Followed, absorb: Absorb
) -> Iterator[IngestReport]:
    news = watch.news(warehouse.path)
    if not news:
        return
    with (
        tempfile.TemporaryDirectory(prefix="fame-") as folder,
        SilentProgress().step("following") as step,
    ):
        loader = Loader(warehouse, reading, absorb, step, strict=False, followed=followed)
        place = Path(folder)
        sources = (
            found
            for path in news
            for found in sources_of(path, reading.source, place, reading.max_ratio)
        )
        for report in loader.load(sources):
            if report.rows or report.state not in {"unchanged", "grown", "empty"}:
                yield report
    watch.mark(news)


class Watch:
    """The files below some names, and their state when they were read.

    Parameters
    ----------
    inputs : sequence of Path
        Files, folders and patterns.
    """

    def __init__(self, inputs: Sequence[Path]) -> None:
        self._inputs = inputs
        self._seen: dict[Path, Seen] = {}
        self._found: dict[Path, Seen] = {}
        self._own = Path()

    def news(self, warehouse: Path) -> list[Path]:
        """Return the files that have changed, the older parts of a log first."""
        self._own = warehouse
        self._found = self._look()
        changed = [path for path, state in self._found.items() if self._seen.get(path) != state]
        return sorted({*changed, *self._renamed(changed)}, key=rotation_order)

    def has_news(self) -> bool:
        """Return whether a file has changed."""
        return any(self._seen.get(path) != state for path, state in self._look().items())

    def mark(self, paths: Sequence[Path]) -> None:
        """Take note that files have been read in the state in which they were found."""
        self._seen.update({path: self._found[path] for path in paths if path in self._found})
        self._seen = {path: seen for path, seen in self._seen.items() if path in self._found}

    def _look(self) -> dict[Path, Seen]:
        found: dict[Path, Seen] = {}
        for given in self._inputs:
            try:
                paths = found_paths(given, self._own)
            except InputError:
                # Between two files of a log there may be none.
                continue
            for path in paths:
                state = _state(path)
                if state is not None:
                    found[path] = state
        return found

    def _renamed(self, changed: Sequence[Path]) -> list[Path]:
        """Return where the files are that were read under names that other files have now."""
        lost = {
            self._seen[path].file: path
            for path in changed
            if path in self._seen and self._seen[path].file != self._found[path].file
        }
        return [
            Path(entry.path)
            for folder in {path.parent for path in lost.values()}
            for entry in os.scandir(folder)
            if (path := lost.get((entry.stat().st_dev, entry.inode()))) is not None
            and stem(entry.name) == stem(path.name)
        ]


def _state(path: Path) -> Seen | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return Seen(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
