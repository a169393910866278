"""The words of the user's own systems, which no list of the package can know."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from fame_sql.errors import InputError

VARIABLE = "FAME_WORDS"
"""The environment variable that names files of words."""


def own_words() -> frozenset[str]:
    """Return the words, in lower case, of the files that ``$FAME_WORDS`` names.

    They are names of products, services and components, which redaction would otherwise take for
    names of people or for tokens. Words stand between white space; a line that begins with ``#`` is
    a comment.

    Raises
    ------
    InputError
        If a file cannot be read as text.
    """
    named = os.environ.get(VARIABLE, "").split(os.pathsep)
    return frozenset(word for name in named if name for word in _words_of(Path(name)))


@cache
def _words_of(path: Path) -> frozenset[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(
            f"{path} in ${VARIABLE} cannot be read: {reason}; name text files of words, as PATH "
            "lists folders, or unset it"
        ) from None
    return frozenset(
        word.lower() for line in lines if not line.startswith("#") for word in line.split()
    )
