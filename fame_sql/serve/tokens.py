"""Tokens: who may ask the server, and for what.

A token is 32 random bytes, so its SHA-256 is kept and no slow hash: nobody can guess 256 bits. The
file is read again when it changes, so a token that is withdrawn is refused at once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from fame_sql.errors import FameError, InputError
from fame_sql.serve.token_file import StoredToken, read_tokens

VARIABLE = "FAME_SERVE_TOKENS"
"""The variable with a server's tokens: ROLE:SECRET, separated by spaces or commas."""

_PREFIX = "fame_"
_SHORTEST = 16


class Role(StrEnum):
    """What a token is good for."""

    READER = "reader"
    """One ``SELECT`` statement at a time, and commands that change nothing."""
    WRITER = "writer"
    """Everything that the server does."""
    INGEST = "ingest"
    """Logs in, and nothing else."""

    @property
    def may_read(self) -> bool:
        """Whether the role may ask."""
        return self is not Role.INGEST

    @property
    def may_write(self) -> bool:
        """Whether the role may change the warehouse by statements and commands."""
        return self is Role.WRITER

    @property
    def may_ingest(self) -> bool:
        """Whether the role may send logs."""
        return self is not Role.READER


@dataclass(frozen=True, slots=True)
class Holder:
    """Who sent a token.

    Parameters
    ----------
    name : str
        The name of the token.
    role : Role
        What it is good for.
    """

    name: str
    role: Role


class Tokens:
    """The tokens that a server accepts; safe for use by many threads.

    Parameters
    ----------
    path : Path, optional
        A file of ``fame token create``; it need not exist.
    environment : mapping of str, optional
        Where the variable ``FAME_SERVE_TOKENS`` is looked for.

    Raises
    ------
    InputError
        If the file or the variable cannot be used.
    """

    def __init__(
        self, path: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._fixed = _of_environment((environment or {}).get(VARIABLE, ""))
        self._own: tuple[tuple[str, Holder], ...] = ()
        self._had_sender = False
        self._seen: object = None
        self._stored: tuple[tuple[str, Holder], ...] = ()
        self.reload()

    def __bool__(self) -> bool:
        """Whether there is any token."""
        return bool(self._all())

    def has_sender(self) -> bool:
        """Return whether any token may send logs, or could since this object was made."""
        # Once there was one, logs are taken with a token alone: if it is withdrawn, or the
        # file is spoilt, nobody may send, rather than everybody.
        self._had_sender |= any(holder.role.may_ingest for _, holder in self._all())
        return self._had_sender

    def add(self, secret: str, holder: Holder) -> None:
        """Accept a secret for as long as this object lives, as that of the server's own user."""
        self._own = (*self._own, (digest(secret), holder))

    def holder_of(self, token: str | None) -> Holder | None:
        """Return who holds a token, None for a token that is not accepted.

        All tokens are compared, in constant time each, so the time taken tells nothing of them.
        """
        return self.holder_of_digest(digest(token or ""))

    def holder_of_digest(self, given: str) -> Holder | None:
        """Return who holds the token of a hash, None if it is not accepted (any more)."""
        found: Holder | None = None
        for kept, holder in (*self._own, *self._all()):
            if hmac.compare_digest(kept, given):
                found = holder
        return found

    def role_of(self, token: str | None) -> Role | None:
        """Return what a token is good for, None for a token that is not accepted."""
        holder = self.holder_of(token)
        return None if holder is None else holder.role

    def reload(self) -> None:
        """Read the file again.

        Raises
        ------
        InputError
            If it cannot be used.
        """
        with self._lock:
            self._seen = _state(self._path)
            self._stored = _of_file(self._path)

    def _all(self) -> Sequence[tuple[str, Holder]]:
        """Return the tokens of this moment; none of the file's while that cannot be used."""
        if _state(self._path) != self._seen:
            try:
                self.reload()
            except FameError:
                with self._lock:
                    self._stored = ()
        return (*self._fixed, *self._stored)


def new_secret() -> str:
    """Return a new secret. Its prefix lets scanners of leaked secrets find it."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret, as it is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def read_secret(text: str, where: str) -> str:
    """Return a secret that a person chose.

    Raises
    ------
    InputError
        If it is too short to be one.
    """
    if len(text) < _SHORTEST:
        raise InputError(
            f"{where}: a token of {len(text)} characters can be guessed: take one of 'fame token "
            f"create', or at least {_SHORTEST} random characters"
        )
    return text


def _state(path: Path | None) -> object:
    """Return what changes when a file does, None if there is none."""
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode


def _of_file(path: Path | None) -> tuple[tuple[str, Holder], ...]:
    stored: Sequence[StoredToken] = read_tokens(path) if path is not None else ()
    return tuple((token.sha256, Holder(token.name, Role(token.role))) for token in stored)


def _of_environment(text: str) -> tuple[tuple[str, Holder], ...]:
    return tuple(_of_pair(pair) for pair in re.split(r"[\s,]+", text.strip()) if pair)


def _of_pair(pair: str) -> tuple[str, Holder]:
    name, colon, secret = pair.partition(":")
    if not colon or name not in tuple(Role):
        # The pair itself may be a secret, so it is not shown.
        raise InputError(
            f"{VARIABLE}: write ROLE:TOKEN, separated by spaces; roles are {', '.join(Role)}"
        )
    return digest(read_secret(secret, VARIABLE)), Holder(f"environment-{name}", Role(name))
