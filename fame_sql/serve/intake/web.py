"""What the intakes of HTTP have in common: a route, a limit of bodies, and threads that decode."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar

from fame_sql.serve.body import Bodies
from fame_sql.serve.part import Part
from fame_sql.serve.writer import Writer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from fame_sql.serve.server import Server


class WebIntake(Part):
    """Takes logs in by HTTP.

    Parameters
    ----------
    writer : Writer
        Stores them.
    """

    path: ClassVar[str]
    """Where requests are sent."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._decoding = ThreadPoolExecutor(2, thread_name_prefix="fame-intake")

    def start(self, server: Server) -> None:
        """Begin."""
        self._server = server
        self._bodies = Bodies(server.settings.max_body)

    def stop(self, seconds: float) -> None:
        """End."""
        self._decoding.shutdown(wait=False)

    def routes(self) -> Sequence[BaseRoute]:
        """Return its route."""
        from starlette.routing import Route

        return [Route(self.path, self._answer, methods=["POST"])]

    @abstractmethod
    async def _answer(self, request: Request) -> Response:
        """Store what a request holds, and answer."""
