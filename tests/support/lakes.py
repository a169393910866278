"""PostgreSQL in a temporary folder, and lakes whose catalogue it is."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import duckdb

_NEEDED = ("ducklake", "postgres_scanner", "httpfs", "quack")
_PORT = 5432


@dataclass(frozen=True)
class Catalogues:
    """A running PostgreSQL; ``folder`` holds its socket."""

    folder: Path
    programs: Path

    def address(self, name: str, like: str | None = None) -> str:
        """Return the address of a lake whose catalogue is a new database, or a copy of another."""
        self.run("createdb", name, *([] if like is None else ["-T", like]))
        return f"ducklake:postgres:dbname={name} host={self.folder} port={_PORT} user=postgres"

    def run(self, program: str, *words: str) -> str:
        """Run one of PostgreSQL's programs."""
        line = [str(self.programs / program), "-h", str(self.folder), "-U", "postgres", *words]
        return subprocess.run(line, check=True, capture_output=True, text=True).stdout


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, None if it is not installed."""
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)]
    on_path = shutil.which("initdb")
    return found[0].parent if found else Path(on_path).parent if on_path else None


def extensions(folder: Path) -> Path | None:
    """Return a folder of extensions as DuckDB keeps them, None if this DuckDB has none here."""
    [(platform,)] = duckdb.sql("PRAGMA platform").fetchall()
    place = folder / f"v{duckdb.__version__}" / platform
    place.mkdir(parents=True)
    for name in _NEEDED:
        found = find_spec(f"duckdb_extension_{name}")
        if found is None or found.origin is None:
            return None
        file = f"{name}.duckdb_extension"
        whole = Path(found.origin).parent / "extensions" / f"v{duckdb.__version__}" / file
        if not whole.exists():
            return None
        (place / file).symlink_to(whole)
    return folder


@contextmanager
def running_postgres() -> Iterator[Catalogues]:
    """Run PostgreSQL while the block runs; as its own user where this one is root."""
    place = programs()
    assert place is not None
    # Short: the name of a socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    user = "postgres" if os.getuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)
    data, options = folder / "data", f"-k {folder} -p {_PORT} -c listen_addresses= -c fsync=off"
    _as(user, [place / "initdb", "-D", data, "-A", "trust", "-U", "postgres"], folder)
    start = [place / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"]
    try:
        _as(user, start, folder)
        yield Catalogues(folder, place)
    finally:
        _as(user, [place / "pg_ctl", "-D", data, "-m", "immediate", "stop"], folder)
        shutil.rmtree(folder, ignore_errors=True)


def _as(user: str | None, words: list[str | Path], folder: Path) -> None:
    known = {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid}
    with (folder / "said").open("ab") as said:
        subprocess.run(
            [str(word) for word in words], check=True, stdout=said, stderr=said, cwd=folder, **known
        )  # type: ignore[call-overload]
