"""What one process has read of files that it follows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from fame_sql.ingest.examine import Examined
from fame_sql.ingest.known import Load
from fame_sql.ingest.resume import Start


@dataclass
class Followed:
    """What one process has read of files that it follows.

    Parameters
    ----------
    loads : set of int
        The loads that go on while the process runs.
    positions : dict
        The load and the hash of all its bytes, of large files, by device and number of the file.
    """

    loads: set[int] = field(default_factory=set)
    positions: dict[tuple[int, int], tuple[Load, hashlib._Hash]] = field(default_factory=dict)

    def start(self, examined: Examined) -> Start | None:
        """Return the position of a large file that this process has read, without hashing it."""
        source = examined.source
        if source.file is None or examined.content is not None:
            return None
        load, digest = self.positions.get(source.file, (None, None))
        if load is None or digest is None or load.head != examined.head:
            return None
        if source.size < load.byte_end or load.source != source.identity:
            return None
        return Start(
            offset=load.resume_offset,
            line=load.resume_line,
            digest=digest.copy(),
            digested=load.byte_end,
            after=load,
            nothing_new=source.size == load.byte_end,
        )

    def continued(self, start: Start) -> Start:
        """Return a start with which one load goes on as long as its file is followed.

        There would be one for each round otherwise.
        """
        if start.after is None or start.after.ingest_id not in self.loads:
            return start
        return replace(start, after=replace(start.after, state="partial"))
