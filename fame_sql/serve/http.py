"""What the server answers by HTTP: the routes of its parts, its health and its metrics."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Any

from fame_sql.errors import InputError
from fame_sql.operations.metrics import CONTENT_TYPE, as_text
from fame_sql.serve.part import Part

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fame_sql.serve.server import Server

_BACKLOG = 1024


class Web(Part):
    """Answers by HTTP, in a thread of its own."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._uvicorn: Any = None

    def start(self, server: Server) -> None:
        """Listen, and set the server's ``url``.

        Raises
        ------
        InputError
            If the extra is not installed, or the address cannot be listened at.
        """
        uvicorn = _import_uvicorn()
        listening = _listen(server.settings.host, server.settings.port)
        host, port = listening.getsockname()[:2]
        server.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        config = uvicorn.Config(
            _giving_up(application(server), server.stopping),
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=75,
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._uvicorn.serve(sockets=[listening])),
            name="fame-http",
            daemon=True,
        )
        self._thread.start()
        while not self._uvicorn.started and self._thread.is_alive():
            self._thread.join(0.01)

    def stop(self, seconds: float) -> None:
        """Answer what has been asked, and listen no longer."""
        if self._thread is not None:
            self._uvicorn.should_exit = True
            self._thread.join(seconds)

    def problem(self) -> str | None:
        """Return that nothing listens, if so."""
        alive = self._thread is not None and self._thread.is_alive()
        return None if alive else "HTTP is not answered"


def application(server: Server) -> Starlette:
    """Return the application with the routes of all parts of a server."""
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        problems = server.problems()
        text = "".join(f"{problem}\n" for problem in problems) or "ready\n"
        return PlainTextResponse(text, status_code=503 if problems else 200)

    async def metrics(request: Request) -> Response:
        found = [metric for part in server.parts for metric in part.metrics()]
        return PlainTextResponse(as_text(found), media_type=CONTENT_TYPE)

    own = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    return Starlette(routes=[*own, *(route for part in server.parts for route in part.routes())])


def _giving_up(application: Starlette, stopping: threading.Event) -> ASGIApp:
    """Return what answers as the application does, and refuses what a stopping server gives up."""
    from starlette.responses import PlainTextResponse

    refusal = PlainTextResponse("the server is stopping\n", 503, {"Retry-After": "5"})

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await application(scope, receive, send)
        except asyncio.CancelledError:
            if not stopping.is_set():
                raise
            await refusal(scope, receive, send)

    return answer


def _import_uvicorn() -> Any:
    try:
        import opentelemetry.proto  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise InputError(
            f"'fame serve' needs {error.name}: run \"pip install 'fame-sql[serve]'\""
        ) from None
    return uvicorn


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        raise InputError(
            f"{host}:{port} cannot be listened at ({error}): name another with --listen"
        ) from None
    return listening
