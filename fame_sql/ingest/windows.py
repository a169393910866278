"""Windows of sources: many small ones or one large one, looked up and committed together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fame_sql.errors import InputError
from fame_sql.ingest.examine import Examined, examine
from fame_sql.ingest.outcomes import Unread
from fame_sql.ingest.reading import Reading
from fame_sql.ingest.sources import Source
from fame_sql.ingest.tables import Table

_SOURCES = 2000
_BYTES = 32 << 20


def windows(
    sources: Iterable[Source | Table | Unread], reading: Reading
) -> Iterator[list[Examined | Table | Unread]]:
    """Examine sources, and yield them in windows.

    Parameters
    ----------
    sources : iterable of Source, Table or Unread
        What is loaded, in order.
    reading : Reading
        The settings.
    """
    window: list[Examined | Table | Unread] = []
    held = 0
    for source in sources:
        found = _examined(source, reading) if isinstance(source, Source) else source
        window.append(found)
        if isinstance(found, Examined):
            held += _BYTES if found.content is None else len(found.content)
        if len(window) >= _SOURCES or held >= _BYTES:
            yield window
            window, held = [], 0
    if window:
        yield window


def _examined(source: Source, reading: Reading) -> Examined | Unread:
    try:
        return examine(replace(source, most_times=reading.max_ratio), reading)
    except InputError as error:
        return Unread(source.name, error)
