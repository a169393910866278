"""A real 'fame serve' in a process of its own, with a token for each role."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fame_sql.serve.token_file import add_token, new_token, tokens_of
from fame_sql.serve.tokens import Role, digest, new_secret

_STARTS_IN = 60.0


@dataclass(frozen=True)
class Served:
    """A warehouse that is served."""

    path: Path
    url: str
    quack: str
    tokens: dict[str, str]
    process: subprocess.Popen[str]

    def ask(
        self, statement: str, role: str | None = "reader", path: str = "/sql", **headers: str
    ) -> tuple[int, bytes]:
        """Return the status and the body of a statement by HTTP."""
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens.get(role, role)}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"{self.url}{path}", statement.encode(), named)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def rows(self, statement: str, role: str = "reader", path: str = "/sql") -> list[Any]:
        """Return the rows of a statement."""
        status, body = self.ask(statement, role, path)
        assert status == 200, body
        rows: list[Any] = json.loads(body)["rows"]
        return rows


@contextmanager
def served(path: Path, *options: str, extensions: Path | None = None) -> Iterator[Served]:
    """Serve a warehouse while the block runs."""
    tokens = {}
    for role in Role:
        tokens[role.value] = new_secret()
        made = new_token(f"a-{role}", role.value, digest(tokens[role.value]), datetime(2026, 1, 1))
        add_token(tokens_of(path), made)
    quack = f"localhost:{_free_port()}"
    words = ["--warehouse", str(path), "--listen", "127.0.0.1:0", "--quack", quack, *options]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment |= {} if extensions is None else {"FAME_DUCKDB_EXTENSIONS": str(extensions)}
    log = path.with_name("serve.log")
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", "from fame_sql.cli import main; main()", "serve", *words],
            stderr=out,
            stdout=out,
            env=environment,
            text=True,
        )
    try:
        yield Served(path, _url(log, process), quack, tokens, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def extensions(folder: Path) -> Path | None:
    """Return a folder with the extensions of this DuckDB, None if they are not here."""
    import duckdb

    for name in ("httpfs", "quack"):
        found = find_spec(f"duckdb_extension_{name}")
        if found is None or found.origin is None:
            return None
        file = f"{name}.duckdb_extension"
        whole = Path(found.origin).parent / "extensions" / f"v{duckdb.__version__}" / file
        if not whole.exists():
            return None
        (folder / file).symlink_to(whole)
    return folder


def _url(log: Path, process: subprocess.Popen[str]) -> str:
    end = time.monotonic() + _STARTS_IN
    while time.monotonic() < end and process.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith("serving "):
                return line.rpartition(" ")[2]
        time.sleep(0.1)
    raise AssertionError(f"the server has not started: {log.read_text()}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
