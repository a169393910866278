"""The file of tokens: names, roles and hashes, for its owner alone."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from fame_sql.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ROLES = ("reader", "writer", "ingest")
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as it is kept: its secret cannot be found from this.

    Parameters
    ----------
    name : str
        Who or what holds it.
    role : str
        ``reader``, ``writer`` or ``ingest``.
    sha256 : str
        The hash of its secret.
    created_at : str
        When it was made, in UTC.
    """

    name: str
    role: str
    sha256: str
    created_at: str


def tokens_of(warehouse: Path) -> Path:
    """Return the file of the tokens of a warehouse, beside it."""
    return warehouse.with_name(f"{warehouse.stem}.tokens.json")


def read_tokens(path: Path) -> list[StoredToken]:
    """Return the tokens of a file; none if there is no file.

    Raises
    ------
    InputError
        If others may read or change it, or it is no file of tokens.
    """
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the tokens {path} cannot be read: {error}") from None
    if os.name == "posix" and mode & _OTHERS:
        raise InputError(f"others may open the tokens {path}: run 'chmod 600 {path}'")
    return _parsed(path, text)


def add_token(path: Path, token: StoredToken) -> None:
    """Add a token to a file, which is made if there is none.

    Raises
    ------
    InputError
        If its name is taken or cannot be one, or the file cannot be used.
    """
    if _NAME.fullmatch(token.name) is None:
        raise InputError(
            f"a token cannot be called {token.name!r}: use up to 64 letters, digits and any of ._@-"
        )
    with _locked(path):
        known = read_tokens(path)
        if any(each.name == token.name for each in known):
            raise InputError(
                f"there is a token {token.name!r}: choose another name, or run 'fame token "
                f"withdraw {token.name}' first"
            )
        _write(path, [*known, token])


def withdraw_token(path: Path, name: str) -> StoredToken:
    """Remove a token from a file, and return it.

    Raises
    ------
    InputError
        If there is no such token.
    """
    with _locked(path):
        known = read_tokens(path)
        for token in known:
            if token.name == name:
                _write(path, [each for each in known if each is not token])
                return token
    names = ", ".join(token.name for token in known) or "none"
    raise InputError(f"there is no token {name!r} in {path}; there are: {names}")


def new_token(name: str, role: str, sha256: str, at: datetime) -> StoredToken:
    """Return a token to be stored."""
    return StoredToken(name, role, sha256, at.isoformat(timespec="seconds"))


def _parsed(path: Path, text: str) -> list[StoredToken]:
    wrong = InputError(f"{path} is no file of tokens: make one with 'fame token create'")
    try:
        tokens = [StoredToken(**each) for each in json.loads(text)["tokens"]]
    except (ValueError, KeyError, TypeError):
        raise wrong from None
    if not all(_is_token(token) for token in tokens):
        raise wrong
    return tokens


def _is_token(token: StoredToken) -> bool:
    texts: Sequence[object] = (token.name, token.role, token.sha256, token.created_at)
    return (
        all(isinstance(text, str) for text in texts)
        and _NAME.fullmatch(token.name) is not None
        and token.role in _ROLES
        and _SHA256.fullmatch(token.sha256) is not None
    )


def _write(path: Path, tokens: Sequence[StoredToken]) -> None:
    """Replace the file in one step, so that a server never reads a part of it."""
    text = json.dumps({"tokens": [asdict(token) for token in tokens]}, indent=1) + "\n"
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise InputError(f"the tokens {path} cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time change a file, by a lock on its folder."""
    try:
        import fcntl

        folder = os.open(path.absolute().parent, os.O_RDONLY)
    except ImportError:  # Windows has no such lock.
        yield
        return
    except OSError as error:
        raise InputError(f"the tokens {path} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
