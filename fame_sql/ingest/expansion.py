"""From what the user names to sources: files, folders, patterns, archives and pipes."""

from __future__ import annotations

import glob
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from fame_sql.errors import InputError
from fame_sql.ingest.archives import archive_kind, archived_sources
from fame_sql.ingest.bounds import MOST_TIMES
from fame_sql.ingest.identity import STANDARD_INPUT, given_identity, rotation_order
from fame_sql.ingest.outcomes import Unread
from fame_sql.ingest.sources import Source, copied_source, file_source
from fame_sql.ingest.streams import unreadable


def named_sources(
    inputs: Iterable[Path | str],
    name: str | None,
    warehouse: Path,
    folder: Path,
    most_times: int = MOST_TIMES,
) -> Iterator[Source | Unread]:
    """Yield the sources that ``inputs`` name, in their order.

    Parameters
    ----------
    inputs : iterable of Path or str
        Files, folders, patterns, archives, pipes, or ``-`` for standard input.
    name : str or None
        The name of all sources, which then also identifies them.
    warehouse : Path
        The warehouse, which is not a log in its own folder.
    folder : Path
        A folder for copies of what can be read only once.
    most_times : int
        How many times its size an archive may have once it is unpacked.
    """
    for given in inputs:
        if str(given) == STANDARD_INPUT:
            yield standard_input(sys.stdin.buffer, folder, name)
            continue
        for path in found_paths(Path(given), warehouse):
            yield from sources_of(path, name, folder, most_times)


def standard_input(stream: IO[bytes], folder: Path, name: str | None = None) -> Source:
    """Return standard input as a source."""
    known_as = STANDARD_INPUT if name is None else given_identity(name)
    return copied_source(stream, name or STANDARD_INPUT, known_as, time.time(), folder)


def found_paths(given: Path, warehouse: Path) -> list[Path]:
    """Return the files of a path: itself, those of a folder, or those that match a pattern.

    Parts of a log that was rotated come in the order of their lines.

    Raises
    ------
    InputError
        If there are none.
    """
    if given.is_dir():
        return _files_below(given, warehouse)
    if not os.path.lexists(given) and glob.has_magic(str(given)):
        # Path.glob takes no absolute pattern.
        matches = glob.glob(str(given), recursive=True)  # noqa: PTH207
        found = [Path(path) for path in matches]
        if not found:
            raise InputError(f"no file matches {given}: check the pattern with 'ls'")
        files = [path for path in found if not path.is_dir()]
        return sorted(files, key=rotation_order)
    return [given]


def is_one_source(inputs: Sequence[Path | str]) -> bool:
    """Return whether one file is named, and no archive."""
    if len(inputs) != 1 or not Path(inputs[0]).is_file():
        return False
    try:
        return archive_kind(file_source(Path(inputs[0]))) is None
    except InputError:
        return True


def stored_bytes(inputs: Iterable[Path | str]) -> int | None:
    """Return the number of bytes of files that are named; None if something else is named."""
    total = 0
    for given in inputs:
        try:
            found = Path(given).stat()
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        total += found.st_size
    return total


def _files_below(folder: Path, warehouse: Path) -> list[Path]:
    """Return the files below a folder, without hidden ones and those of the warehouse."""
    own = {warehouse.name, f"{warehouse.name}.wal"}
    models = warehouse.with_name(f"{warehouse.stem}.models").resolve()
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if not one.startswith(".")]
        folders[:] = [one for one in folders if (Path(place) / one).resolve() != models]
        found += [Path(place) / name for name in names if not name.startswith(".")]
    home = warehouse.resolve().parent
    logs = (path for path in found if path.name not in own or path.resolve().parent != home)
    files = sorted(logs, key=rotation_order)
    if not files:
        raise InputError(f"{folder} holds no files: name a folder with logs, or the logs in it")
    return files


def sources_of(
    path: Path, name: str | None, folder: Path, most_times: int = MOST_TIMES
) -> Iterator[Source | Unread]:
    """Yield a file as a source, or the members of an archive."""
    try:
        if _is_pipe(path):
            yield _copied_pipe(path, name, folder)
            return
        source = replace(file_source(path, name=name), most_times=most_times)
        kind = archive_kind(source)
    except InputError as error:
        yield Unread(str(path), error)
        return
    if kind is None:
        yield source
        return
    yield from archived_sources(source, kind, name, folder)


def _is_pipe(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _copied_pipe(path: Path, name: str | None, folder: Path) -> Source:
    known_as = str(path.absolute()) if name is None else given_identity(name)
    try:
        with path.open("rb") as stream:
            return copied_source(stream, name or str(path), known_as, time.time(), folder)
    except OSError as error:
        raise unreadable(str(path), error) from None
