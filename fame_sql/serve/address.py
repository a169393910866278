"""The file beside a warehouse that says where its server is.

The server holds a lock on the file as long as it lives, however it ends, so that a file left by a
server that was killed is recognised. Only the user who runs the server can read it: it holds a
secret, by which that user's commands need no token.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from fame_sql.errors import WarehouseError

SERVER = "FAME_SERVER"
"""The variable with the address of a server, for those who cannot read the file."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is.

    Parameters
    ----------
    url : str
        Its HTTP address.
    warehouse : str
        The warehouse that it holds; empty if that is not known.
    secret : str
        What its own user's commands send as a token; empty if that is not known.
    quack : str or None
        Its address for DuckDB clients; None if it has none.
    pid : int
        Its process.
    """

    url: str
    warehouse: str = ""
    secret: str = ""
    quack: str | None = None
    pid: int = 0


class Published:
    """An address that others can find, until it is closed.

    Parameters
    ----------
    warehouse : Path
        The warehouse that this process holds.
    address : Address
        Where it can be asked.

    Raises
    ------
    WarehouseError
        If the file cannot be written.
    """

    def __init__(self, warehouse: Path, address: Address) -> None:
        self._path = address_of(warehouse)
        unfinished = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            unfinished.unlink(missing_ok=True)
            self._file = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            _lock(self._file, wait=True)
            os.write(self._file, json.dumps(asdict(address)).encode())
            unfinished.replace(self._path)
        except OSError as error:
            raise WarehouseError(
                f"{self._path} cannot be written ({error.strerror}): commands find the server by it"
            ) from None

    def close(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def address_of(warehouse: Path) -> Path:
    """Return the file that names the server of a warehouse."""
    real = warehouse.resolve()
    return real.with_name(f".{real.name}.server")


def find(warehouse: Path) -> Address | None:
    """Return the server that holds a warehouse, None if there is none or it is not this user's."""
    try:
        file = os.open(address_of(warehouse), os.O_RDONLY)
    except OSError:
        return None
    try:
        if _lock(file, wait=False):
            return None
        return _read(os.read(file, 1 << 16))
    finally:
        os.close(file)


def named(environment: Mapping[str, str]) -> Address | None:
    """Return the server that the environment names, None if it names none."""
    url = environment.get(SERVER, "").strip().rstrip("/")
    return Address(url) if url else None


def _read(text: bytes) -> Address | None:
    try:
        return Address(**json.loads(text))
    except (ValueError, TypeError):
        return None


def _lock(file: int, *, wait: bool) -> bool:
    """Take the lock of a file, and return whether it was free."""
    try:
        import fcntl
    except ImportError:  # Windows has no such lock: a server that is gone does not answer.
        return False
    try:
        if wait:
            fcntl.flock(file, fcntl.LOCK_EX)
        else:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
