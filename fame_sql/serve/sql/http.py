"""SQL by HTTP: one statement in, rows out, as JSON or as an Arrow stream.

For people with curl, for programs without DuckDB, and where DuckDB has no Quack.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from fame_sql.operations.metrics import Metric, Sample
from fame_sql.serve.part import Part
from fame_sql.serve.refused import RefusedError
from fame_sql.serve.sql.asking import who_asks
from fame_sql.serve.sql.audit import Audit
from fame_sql.serve.sql.rows import as_json
from fame_sql.serve.sql.running import Answer, Limits, run_statement
from fame_sql.serve.sql.statements import LONGEST, Statements
from fame_sql.serve.tokens import Holder, Tokens

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from fame_sql.serve.server import Server

ARROW = "application/vnd.apache.arrow.stream"

_AT_ONCE = min(4, os.cpu_count() or 1)
"""More statements than processors at once answer none sooner, and hold up those who send."""

_WAITING = 64
_MOST = Limits(rows=1_000_000, seconds=600.0)
_MOST_ARROW_BYTES = 256 << 20


class SqlByHttp(Part):
    """Answers ``POST /sql``.

    Parameters
    ----------
    tokens, statements, audit
        Who may run what, and where it is noted.
    limits : Limits, optional
        What a statement may take unless it asks for more.
    """

    def __init__(
        self, tokens: Tokens, statements: Statements, audit: Audit, limits: Limits | None = None
    ) -> None:
        self._tokens = tokens
        self._statements = statements
        self._audit = audit
        self._limits = limits or Limits()
        self._server: Server | None = None
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fame-sql")
        self._lock = threading.Lock()
        self._running: list[duckdb.DuckDBPyConnection] = []
        self._asked = 0
        self._outcomes = {"answered": 0, "failed": 0, "busy": 0}

    def start(self, server: Server) -> None:
        """Begin."""
        self._server = server

    def stop(self, seconds: float) -> None:
        """Interrupt what runs."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for connection in self._running:
                connection.interrupt()

    def routes(self) -> Sequence[BaseRoute]:
        """Return the route."""
        from starlette.routing import Route

        return (Route("/sql", self._answer, methods=["POST"]),)

    def metrics(self) -> Iterable[Metric]:
        """Return how many statements ran, and how they ended."""
        samples = tuple(Sample(n, {"outcome": name}) for name, n in self._outcomes.items())
        yield Metric("fame_queries", "counter", "Statements by POST /sql.", samples)
        waiting = (Sample(self._asked),)
        yield Metric("fame_queries_running", "gauge", "Statements that run or wait.", waiting)

    async def _answer(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        try:
            return await self._answered(request)
        except RefusedError as problem:
            self._outcomes["busy" if problem.status == 429 else "failed"] += 1
            return JSONResponse(
                {"error": problem.message}, problem.status, headers=dict(problem.headers)
            )

    async def _answered(self, request: Request) -> Response:
        from starlette.responses import Response

        holder = who_asks(request, self._tokens)
        limits, wants_arrow = self._read_limits(request)
        statement = await _read_statement(request)
        refusal = self._statements.refusal(statement, holder.role)
        self._audit.note(holder, "http", statement, refusal)
        if refusal is not None:
            raise RefusedError(403, refusal)
        answer = await self._run(request, statement, limits, holder)
        self._outcomes["answered"] += 1
        if wants_arrow:
            headers = {"X-Fame-More-Rows": "true"} if answer.is_cut else {}
            return Response(_stream(answer.table), media_type=ARROW, headers=headers)
        return Response(as_json(answer), media_type="application/json")

    async def _run(
        self, request: Request, statement: str, limits: Limits, holder: Holder
    ) -> Answer:
        with self._lock:
            if self._asked >= _WAITING:
                raise RefusedError(
                    429, "too many statements wait: try again in a second", {"Retry-After": "1"}
                )
            self._asked += 1
        gone = threading.Event()
        watch = asyncio.ensure_future(_watch(request, gone))
        try:
            write = holder.role.may_write
            run = partial(self._on_cursor, statement, limits, gone, write=write)
            return await asyncio.get_running_loop().run_in_executor(self._pool, run)
        finally:
            watch.cancel()
            with self._lock:
                self._asked -= 1

    def _on_cursor(
        self, statement: str, limits: Limits, gone: threading.Event, *, write: bool
    ) -> Answer:
        server = self._server
        if server is None or server.stopping.is_set():
            raise RefusedError(503, "the server is stopping", {"Retry-After": "5"})
        warehouse = server.cursor()
        with self._lock:
            self._running.append(warehouse.connection)
        try:
            return run_statement(warehouse.connection, statement, limits, write=write, gone=gone)
        finally:
            with self._lock:
                self._running.remove(warehouse.connection)
            warehouse.close()

    def _read_limits(self, request: Request) -> tuple[Limits, bool]:
        given = request.query_params
        rows = _number(given.get("rows"), "rows", self._limits.rows, _MOST.rows)
        seconds = _number(given.get("seconds"), "seconds", self._limits.seconds, _MOST.seconds)
        wants_arrow = ARROW in request.headers.get("accept", "")
        limits = replace(self._limits, rows=int(rows), seconds=seconds)
        if wants_arrow:
            limits = replace(limits, answer_bytes=max(limits.answer_bytes, _MOST_ARROW_BYTES))
        return limits, wants_arrow


async def _watch(request: Request, gone: threading.Event) -> None:
    """Wait until the client has closed its connection: nothing else comes behind the body."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.set()


async def _read_statement(request: Request) -> str:
    """Return the statement of a request: its body as text, or ``sql`` of a JSON object."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > 4 * LONGEST:
            raise RefusedError(413, f"a statement has at most {LONGEST:,} characters")
    try:
        text = body.decode()
        if not request.headers.get("content-type", "").startswith("application/json"):
            return text
        found = json.loads(text)["sql"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = None
    if not isinstance(found, str):
        raise RefusedError(400, 'send the statement as UTF-8 text, or as JSON {"sql": "SELECT .."}')
    return found


def _number(given: str | None, name: str, usual: float, most: float) -> float:
    try:
        found = usual if given is None else float(given)
    except ValueError:
        found = math.nan
    if not 0 < found <= most:
        raise RefusedError(400, f"?{name}={given} must be a number above 0, up to {most:g}")
    return found


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    found: bytes = sink.getvalue().to_pybytes()
    return found
