"""The loads that a warehouse has had: of the same source, and of the same bytes elsewhere."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from fame_sql import sql
from fame_sql.ingest.identity import is_former

HEAD_OF_COPY = 1024
"""Number of bytes at the beginning that sources with the same content share."""


@dataclass(frozen=True)
class Load:
    """A row of ``fame.ingests``: the committed part of a source."""

    ingest_id: int
    source: str | None
    source_path: str
    encoding: str
    format: str
    head: str | None
    fingerprint: str
    byte_start: int
    byte_end: int
    tail_offset: int | None
    tail_line: int | None
    line_end: int
    rows: int
    errors: int
    state: str
    started_at: datetime

    @property
    def resume_offset(self) -> int:
        """The byte to resume from; a last record that may continue is read again."""
        return self.byte_end if self.tail_offset is None else self.tail_offset

    @property
    def resume_line(self) -> int:
        """The number of lines before that byte."""
        if self.tail_line is not None:
            return self.tail_line - 1
        return self.line_end - (self.tail_offset is not None)


def head_of(content: bytes) -> str:
    """Return the fingerprint of the beginning of a source."""
    return hashlib.sha256(content[:HEAD_OF_COPY]).hexdigest()


class KnownLoads:
    """The loads that concern some sources, looked up with two statements for many of them.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._of: dict[str, dict[int, Load]] = defaultdict(dict)
        self._former: list[Load] = []
        self._like: dict[str, dict[int, Load]] = defaultdict(dict)

    def look_up(self, sources: Iterable[str], heads: Iterable[str]) -> None:
        """Read the loads of sources with these identities, and with these beginnings."""
        self._of.clear()
        self._like.clear()
        self._former.clear()
        for load in self._read("ingest/known", {"sources": sorted(set(sources))}):
            self._keep(load)
        for load in self._read("ingest/known_copies", {"heads": sorted(set(heads))}):
            self._like[str(load.head)][load.ingest_id] = load

    def add(self, load: Load) -> None:
        """Keep a load that has been made since."""
        self._keep(load)
        self._like[str(load.head)][load.ingest_id] = load

    def forget(self, ingest_id: int, source: str, head: str) -> None:
        """Leave out a load that was not committed."""
        self._of[source].pop(ingest_id, None)
        self._like[head].pop(ingest_id, None)

    def of(self, source: str) -> list[Load]:
        """Return the loads of a source, those of the most bytes first."""
        former = [load for load in self._former if is_former(load.source_path, source)]
        found = [*self._of.get(source, {}).values(), *former]
        return sorted(found, key=lambda load: (-load.byte_end, load.state, -load.ingest_id))

    def elsewhere(self, source: str, head: str) -> list[Load]:
        """Return loads of other sources with the same beginning, those of the most bytes first."""
        found = [load for load in self._like.get(head, {}).values() if load.source != source]
        return sorted(found, key=lambda load: (-load.byte_end, load.ingest_id))

    def _keep(self, load: Load) -> None:
        if load.source is None:
            self._former.append(load)
        else:
            self._of[load.source][load.ingest_id] = load

    def _read(self, name: str, parameters: dict[str, Any]) -> list[Load]:
        found = self._connection.execute(sql.load(name), parameters)
        columns = [column[0] for column in found.description or []]
        return [Load(**dict(zip(columns, row, strict=True))) for row in found.fetchall()]
