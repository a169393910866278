"""Commands by HTTP: words in, what the command prints out, as it comes."""

from __future__ import annotations

import asyncio
import json
import shlex
import tempfile
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from fame_sql.serve.commands.allowed import check
from fame_sql.serve.commands.capture import switched
from fame_sql.serve.commands.running import Running
from fame_sql.serve.commands.words import Level, levels
from fame_sql.serve.part import Part
from fame_sql.serve.refused import RefusedError
from fame_sql.serve.sql.asking import who_asks
from fame_sql.serve.sql.audit import Audit
from fame_sql.serve.sql.statements import Statements
from fame_sql.serve.tokens import Holder, Role, Tokens

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from fame_sql.serve.server import Server

OWNER = "the server's own user"
"""The name of the holder whose secret lies beside the warehouse."""

_AT_ONCE = 8
_IN_MEMORY = 1 << 20
_MOST_INPUT = 4 << 30


@dataclass(frozen=True)
class _Asked:
    """A command that a client sends: its words, and what it gives to read."""

    holder: Holder
    words: list[str]
    line: list[Level]
    read: IO[bytes]


class Commands(Part):
    """Answers ``POST /commands``.

    Parameters
    ----------
    program : click.Group
        The command line.
    tokens, statements, audit
        Who may run what, and where it is noted.
    """

    def __init__(
        self, program: click.Group, tokens: Tokens, statements: Statements, audit: Audit
    ) -> None:
        self._program = program
        self._tokens = tokens
        self._statements = statements
        self._audit = audit
        self._server: Server | None = None
        self._switched = ExitStack()
        self._lock = threading.Lock()
        self._running: set[Running] = set()

    def start(self, server: Server) -> None:
        """Begin."""
        self._server = server
        self._switched.enter_context(switched())

    def stop(self, seconds: float) -> None:
        """End what runs."""
        with self._lock:
            running = list(self._running)
        for command in running:
            command.stop()
        for command in running:
            command.join(seconds / len(running))
        self._switched.close()

    def routes(self) -> Sequence[BaseRoute]:
        """Return the route."""
        from starlette.routing import Route

        return (Route("/commands", self._answer, methods=["POST"]),)

    async def _answer(self, request: Request) -> Response:
        from starlette.responses import JSONResponse, StreamingResponse

        try:
            asked = await self._read(request)
            running = await asyncio.to_thread(self._begin, asked)
        except RefusedError as problem:
            headers = dict(problem.headers)
            return JSONResponse({"error": problem.message}, problem.status, headers=headers)
        return StreamingResponse(self._frames(running), media_type="application/x-ndjson")

    async def _read(self, request: Request) -> _Asked:
        """Return what a client asks for: a line of JSON, and behind it standard input."""
        holder = who_asks(request, self._tokens)
        read = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > _MOST_INPUT:
                read.close()
                raise RefusedError(413, "a command reads at most 4 GB: read the file in parts")
            await asyncio.to_thread(read.write, chunk)
        read.seek(0)
        words = _words(read.readline())
        return _Asked(holder, words, levels(self._program, words), read)

    def _begin(self, asked: _Asked) -> Running:
        server = self._server
        if server is None or server.stopping.is_set():
            raise RefusedError(503, "the server is stopping", {"Retry-After": "5"})
        refusal = self._refused(asked)
        said = shlex.join(["fame", *asked.words])
        self._audit.note(
            asked.holder, "command", said, None if refusal is None else refusal.message
        )
        if refusal is not None:
            asked.read.close()
            raise refusal
        author = None if asked.holder.name == OWNER else asked.holder.name
        shared = server.shared(author)
        with self._lock:
            if len(self._running) >= _AT_ONCE:
                raise RefusedError(
                    429, "too many commands run: try again in a moment", {"Retry-After": "2"}
                )
            words = with_warehouse(asked.line, server.path)
            running = Running(self._program, words, shared, asked.read)
            self._running.add(running)
        return running

    def _refused(self, asked: _Asked) -> RefusedError | None:
        """Return why a command is refused, None if it is run."""
        try:
            check(asked.line, asked.holder, is_owner=asked.holder.name == OWNER)
        except RefusedError as problem:
            return problem
        if any(level.is_given("warehouse") for level in asked.line):
            return RefusedError(400, "leave out --warehouse: the server has one")
        if asked.line[-1].name == "query":
            return self._refused_query(asked)
        return None

    def _refused_query(self, asked: _Asked) -> RefusedError | None:
        """Return why a statement is refused: without --write it reads, whoever asks."""
        given = asked.line[-1].given
        if given.get("sql") is None:
            return None  # The command itself says what is missing.
        statement = str(given["sql"])
        if statement == "-":
            statement = asked.read.read().decode("utf-8", "replace")
            asked.read.seek(0)
            asked.read.readline()
        role = Role.WRITER if given.get("write") else Role.READER
        refusal = self._statements.refusal(statement, role)
        return None if refusal is None else RefusedError(403, refusal)

    async def _frames(self, running: Running) -> AsyncIterator[bytes]:
        """Yield what a command prints; if the client is gone, the command is ended."""
        frames = running.frames()
        try:
            while (frame := await asyncio.to_thread(next, frames, None)) is not None:
                yield json.dumps({frame[0]: frame[1]}).encode() + b"\n"
        finally:
            running.stop()
            with self._lock:
                self._running.discard(running)


def with_warehouse(line: Sequence[Level], path: Path) -> list[str]:
    """Return the words of a line with the warehouse named wherever it can be."""
    words: list[str] = []
    for level in line:
        named = ["--warehouse", str(path)] if level.takes_warehouse else []
        words += [level.name, *named, *(f"{word.before}{word.text}" for word in level.words)]
    return words


def _words(line: bytes) -> list[str]:
    try:
        found: Any = json.loads(line)["words"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise RefusedError(400, 'send a line of JSON: {"words": ["status"]}')
    return found
