"""Members of tar and zip archives as sources. They are never unpacked to their own names."""

from __future__ import annotations

import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from fame_sql.errors import InputError
from fame_sql.ingest.bounds import Allowance, check_members, check_zip
from fame_sql.ingest.identity import given_identity, stem
from fame_sql.ingest.outcomes import Unread
from fame_sql.ingest.sources import Source, copied_source
from fame_sql.ingest.streams import damaged, is_packed, unpack

Kind = Literal["tar", "zip"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_DEEPEST = 3
_TAR, _TAR_AT = b"ustar", 257
_DAMAGES = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
)


def archive_kind(source: Source) -> Kind | None:
    """Return what kind of archive a file is; None for other files."""
    with source.open() as file:
        head = file.read(512)
        if head.startswith(_ZIP):
            return "zip"
        if is_packed(head):
            file.seek(0)
            try:
                head = unpack(file, source.name).read(512)
            except (InputError, *_DAMAGES):
                return None
    return "tar" if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR else None


def archived_sources(
    archive: Source,
    kind: Kind,
    name: str | None,
    folder: Path,
    *,
    allowance: Allowance | None = None,
    depth: int = 1,
) -> Iterator[Source | Unread]:
    """Yield the files in an archive, and those in the archives in it.

    Parameters
    ----------
    archive : Source
        The archive.
    kind : {'tar', 'zip'}
        Its kind.
    name : str or None
        The name of all members, which then also identifies them.
    folder : Path
        A folder for copies of large members.
    allowance : Allowance, optional
        What the archive may unpack to together with those around it.
    depth : int
        How many archives there are around its members.
    """
    left = allowance or Allowance(archive.name, archive.size, archive.most_times)
    read = _tar_members if kind == "tar" else _zip_members
    with archive.open() as file:
        members = read(file, archive, left)
        try:
            for member, modified, stream in members:
                with stream:
                    found = _member(archive, member, modified, stream, name, folder)
                inner = archive_kind(found) if depth < _DEEPEST else None
                if inner is None:
                    yield found
                else:
                    yield from archived_sources(
                        found, inner, name, folder, allowance=left, depth=depth + 1
                    )
        except InputError as error:
            yield Unread(archive.name, error)
        except _DAMAGES as error:
            yield Unread(archive.name, damaged(archive.name, error))


def _member(
    archive: Source, member: str, modified: float, stream: IO[bytes], name: str | None, folder: Path
) -> Source:
    path = PurePosixPath(member)
    known_as = f"{archive.identity}/{path.parent / stem(path.name)}"
    copied = copied_source(
        stream,
        name or f"{archive.name}/{member}",
        known_as if name is None else given_identity(name),
        modified,
        folder,
    )
    outermost = archive.size if archive.archive is None else archive.archive
    return replace(copied, archive=outermost, most_times=archive.most_times)


def _tar_members(
    file: IO[bytes], source: Source, allowance: Allowance
) -> Iterator[tuple[str, float, IO[bytes]]]:
    name = source.name
    unpacked = unpack(file, name, source.most_times, source.archive)
    with tarfile.open(fileobj=unpacked, mode="r|") as archive:
        for number, member in enumerate(archive, 1):
            check_members(name, number)
            # A sparse member is a few bytes that stand for any number of zeros.
            allowance.take(member.size)
            stream = archive.extractfile(member) if member.isreg() else None
            if stream is not None and not _is_hidden(member.name):
                yield member.name, member.mtime, stream


def _zip_members(
    file: IO[bytes], source: Source, allowance: Allowance
) -> Iterator[tuple[str, float, IO[bytes]]]:
    with zipfile.ZipFile(file) as archive:
        check_zip(source.name, source.size, archive.infolist(), source.most_times)
        allowance.take(sum(member.file_size for member in archive.infolist()))
        for member in archive.infolist():
            if not member.is_dir() and not _is_hidden(member.filename):
                yield member.filename, _modified(member), archive.open(member)


def _modified(member: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*member.date_time, 0, 0, -1))
    except (OverflowError, ValueError):
        return 0.0


def _is_hidden(member: str) -> bool:
    parts = PurePosixPath(member).parts
    return any(
        part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in parts
    )
