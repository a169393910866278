"""Keys that a person presses."""

from __future__ import annotations

import click

from fame_sql.errors import InputError


def read_key(otherwise: str) -> str:
    """Return the next key, in lower case.

    Parameters
    ----------
    otherwise : str
        The command for those who have no terminal.

    Raises
    ------
    InputError
        If there is no terminal.
    """
    try:
        return click.getchar().lower()
    except OSError:
        raise InputError(f"there is no terminal to read keys from: run {otherwise!r}") from None
