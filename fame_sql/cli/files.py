"""Text files that a person names on the command line."""

from __future__ import annotations

from pathlib import Path

from fame_sql.errors import InputError


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
        If it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{option} {path} cannot be read: {error}".lstrip()) from None


def write_text(path: Path, text: str) -> None:
    """Write text to a file.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
