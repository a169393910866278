"""Secrets: named in the settings, read from the environment, and removed from all that is shown.

A setting such as ``url = "env:SLACK_URL"`` names a variable. Its value is read when a message is
sent, and neither stored nor printed. What receivers answer and what errors say passes
:meth:`Secrets.hidden`, which also knows a secret in pieces: the path of an address, its password
and its parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from fame_sql.errors import InputError

PREFIX = "env:"
HIDDEN = "***"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHORTEST = 4


class MissingSecretError(InputError):
    """A variable that the settings name is not set."""


class Secrets:
    """The secrets that the settings name.

    Parameters
    ----------
    environment : mapping of str
        Where they are read from, usually ``os.environ``.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._known: set[str] = set()

    def value(self, given: str, where: str) -> str:
        """Return what a setting stands for: the variable that it names, or itself.

        Raises
        ------
        MissingSecretError
            If the variable is not set, or empty.
        """
        if not given.startswith(PREFIX):
            return given
        name = variable(given, where)
        found = self._environment.get(name, "").strip()
        if not found:
            raise MissingSecretError(f"{where}: the environment variable {name} is not set")
        self.learn(found)
        return found

    def learn(self, secret: str) -> None:
        """Hide a text, and its parts if it is an address, from now on."""
        for part in _parts(secret):
            if len(part) >= _SHORTEST:
                self._known |= {part, quote(part, safe=""), quote(part), quote_plus(part)}
                self._known |= {unquote(part)}

    def hidden(self, text: str) -> str:
        """Return ``text`` with every known secret replaced."""
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text


def variable(given: str, where: str) -> str:
    """Return the name of the variable in ``env:NAME``.

    Raises
    ------
    InputError
        If it is no name.
    """
    name = given.removeprefix(PREFIX)
    if _NAME.fullmatch(name) is None:
        raise InputError(f"{where} = {given!r}: write env: and the name of a variable")
    return name


def _parts(secret: str) -> Iterator[str]:
    yield secret
    try:
        parts = urlsplit(secret)
        query = parse_qsl(parts.query)
        password, user = parts.password, parts.username
    except ValueError:
        return
    if not parts.scheme or not parts.netloc:
        return
    yield from (text for text in (password, user, parts.query, parts.path) if text)
    yield from (value for _, value in query)
    yield from (piece for piece in parts.path.split("/") if len(piece) >= 8)
