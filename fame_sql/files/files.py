"""Reading text files, and writing files in full or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from fame_sql.errors import InputError

MOST_BYTES = 1 << 28
"""The largest file that is read as a whole."""


def read_text(path: Path, option: str = "") -> str:
    """Return the text of a file.

    Parameters
    ----------
    path : Path
        The file.
    option : str
        The option that names it, for the error message.

    Raises
    ------
    InputError
        If it cannot be read, is not UTF-8, or has more bytes than a person or a program writes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            named = f"{option} {path}".lstrip()
            raise InputError(f"{named} has more than {MOST_BYTES >> 20} MB: is it the right file?")
        return content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{option} {path} cannot be read: {error}".lstrip()) from None


def check_new(path: Path, *, force: bool = False) -> None:
    """Refuse a file that exists, before the work whose result it is to hold.

    Parameters
    ----------
    path : Path
        The file to be written. What is no regular file, such as ``/dev/stdout``, is accepted.
    force : bool
        Accept a file that exists, since it is to be replaced.

    Raises
    ------
    InputError
        If it exists, or its folder does not exist or cannot be written.
    """
    if path.is_file() and not force:
        raise InputError(f"{path} exists: name another file, or replace it with --force")
    if not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"{path} cannot be written: it is a folder, name a file in it")
    if not path.exists() and not os.access(path.parent, os.W_OK):
        raise InputError(f"{path} cannot be written: the folder {path.parent} is read-only")


def write_text(path: Path, text: str, *, force: bool = False, for_all: bool = False) -> None:
    """Write text to a new file, in full or not at all.

    Parameters
    ----------
    path : Path
        The file.
    text : str
        Its content.
    force : bool
        Replace a file that exists.
    for_all : bool
        Let every user of the machine read it.

    Raises
    ------
    InputError
        If it exists and is not to be replaced, or cannot be written.
    """
    with new_file(path, force=force, for_all=for_all) as file:
        file.write(text.encode("utf-8"))


@contextmanager
def new_file(path: Path, *, force: bool = False, for_all: bool = False) -> Iterator[BinaryIO]:
    """Open a new file, which is there in full when the block ends, or not at all.

    Parameters
    ----------
    path : Path
        The file. What is no regular file, such as ``/dev/stdout``, is written as it is.
    force : bool
        Replace a file that exists.
    for_all : bool
        Let every user of the machine read it.

    Raises
    ------
    InputError
        If it exists and is not to be replaced, or cannot be written.
    """
    check_new(path, force=force)
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
        else:
            with _unfinished(path, force=force, for_all=for_all) as file:
                yield file
    except BrokenPipeError:
        raise
    except FileExistsError:
        raise InputError(f"{path} exists: another process has just written it") from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None


@contextmanager
def _unfinished(path: Path, *, force: bool, for_all: bool) -> Iterator[BinaryIO]:
    """Write under another name, and rename at the end."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if for_all:
            unfinished.chmod(0o644)
        if force:
            unfinished.replace(path)
        else:
            put_in_place(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def put_in_place(finished: Path, path: Path) -> None:
    """Give a file its name, unless another has that name.

    A rename would replace a file that another process has made since, so the file is linked; it is
    renamed only where the file system has no links.

    Raises
    ------
    FileExistsError
        If there is a file of that name.
    """
    try:
        path.hardlink_to(finished)
    except FileExistsError:
        raise
    except OSError:
        if path.exists():
            raise FileExistsError(path) from None
        finished.rename(path)


def bytes_in(path: Path) -> int:
    """Return the size of a file, or of all files below a folder; 0 if there is neither.

    Others may write or remove files meanwhile.
    """
    below = [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    found = 0
    for file in below or [path]:
        with suppress(OSError):
            found += 0 if file.is_dir() else file.lstat().st_size
    return found
