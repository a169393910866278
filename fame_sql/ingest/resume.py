"""The position in a source from which to read: after the longest part loaded before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from fame_sql.ingest.identity import STANDARD_INPUT
from fame_sql.ingest.known import KnownLoads, Load
from fame_sql.ingest.streams import Stream

_BLOCK = 1 << 20
_MOST_PARTS = 8


@dataclass(frozen=True)
class Start:
    """The position from which a source is read.

    Parameters
    ----------
    offset, line : int
        Bytes and lines of the source to skip.
    digest : hashlib._Hash
        The hash of those bytes.
    digested : int
        The number of bytes that the hash covers, if they are more.
    after : Load or None
        The load that contains them.
    nothing_new : bool
        Whether that load contains the whole source.
    copy : Load or None
        A load of another source with the same bytes.
    copy_is_whole : bool
        Whether that load contains the whole source.
    replaced : Load or None
        The last load of a source of this name that had other bytes.
    before : tuple of int
        The numbers of the loads of the file that it belongs to.
    """

    offset: int = 0
    line: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    digested: int = 0
    after: Load | None = None
    nothing_new: bool = False
    copy: Load | None = None
    copy_is_whole: bool = False
    replaced: Load | None = None
    before: tuple[int, ...] = ()

    @property
    def stopped(self) -> Load | None:
        """The interrupted load to resume; None if a new load starts."""
        return self.after if self.after is not None and self.after.state == "partial" else None


def find_start(
    stream: Stream, known: KnownLoads, source: str, name: str, head: str, *, skip_copies: bool
) -> Start:
    """Return the position from which to read a source, after comparing its hash with known loads.

    Parameters
    ----------
    stream : Stream
        The source, from its beginning.
    known : KnownLoads
        The loads that have been looked up.
    source, name, head : str
        The identity, the name and the fingerprint of the beginning of the source.
    skip_copies : bool
        Leave out what another source holds.
    """
    own, copies = known.of(source), known.elsewhere(source, head)
    if not own and not copies:
        return Start()
    offsets = {end for load in own for end in (load.byte_end, load.resume_offset)}
    offsets |= {end for load in copies for end in (load.byte_end, load.resume_offset)}
    digests, length = _digests(stream, offsets)
    named = [load for load in own if load.source_path == name != STANDARD_INPUT]
    if load := _longest(own, digests):
        # The file was cut if more of it has been read since, or if all of it was known before it
        # was cut: it may now grow again to what it was.
        longer = [one.ingest_id for one in named if one.byte_end > load.byte_end]
        cut = any(number > load.ingest_id or not load.rows for number in longer)
        before = _loads_of_name(named) if cut else ()
        return replace(_after(load, digests, length), before=before)
    replaced = max(named, key=lambda load: load.ingest_id, default=None)
    load = _longest(copies, digests)
    if load is None:
        return Start(replaced=replaced, before=_loads_of_name(named))
    found = Start(copy=load, copy_is_whole=length == load.byte_end, replaced=replaced)
    if not skip_copies or found.copy_is_whole:
        return found
    offset, line = load.resume_offset, load.resume_line
    return replace(found, offset=offset, line=line, digest=digests[offset])


def _longest(loads: list[Load], digests: dict[int, hashlib._Hash]) -> Load | None:
    """Return the first load whose bytes are those of the source."""
    for load in loads:
        digest = digests.get(load.byte_end)
        if digest is not None and digest.hexdigest() == load.fingerprint:
            return load
    return None


def _loads_of_name(loads: list[Load]) -> tuple[int, ...]:
    """Return the numbers of the loads that hold the lines of the last file of a name.

    A load that has left out lines which were there already continues the loads before it.
    """
    numbers: list[int] = []
    begin, parts = -1, 0
    for load in sorted(loads, key=lambda load: -load.ingest_id):
        if numbers and begin not in (load.byte_end, load.resume_offset, 0):
            continue
        if begin == 0 and parts == _MOST_PARTS:
            break
        numbers.append(load.ingest_id)
        begin, parts = load.byte_start, parts + 1
        if begin == 0 and load.rows >= load.line_end:
            break
    return tuple(numbers)


def _after(load: Load, digests: dict[int, hashlib._Hash], length: int) -> Start:
    return Start(
        offset=load.resume_offset,
        line=load.resume_line,
        digest=digests[load.resume_offset],
        after=load,
        nothing_new=length == load.byte_end,
    )


def _digests(stream: Stream, offsets: Iterable[int]) -> tuple[dict[int, hashlib._Hash], int]:
    """Return the hash of the bytes before each offset, and the number of bytes read."""
    digest, length, found = hashlib.sha256(), 0, {0: hashlib.sha256()}
    pending = b""
    for offset in sorted(offsets):
        while length < offset and (block := pending or stream.read(_BLOCK)):
            taken, pending = block[: offset - length], block[offset - length :]
            digest.update(taken)
            length += len(taken)
        if length < offset:
            return found, length
        found[offset] = digest.copy()
    return found, length + len(pending or stream.read(1))
