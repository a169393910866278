"""A part of a server: it starts with the server and stops with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from fame_sql.operations.metrics import Metric
    from fame_sql.serve.server import Server


class Part:
    """A part of a server; each method can be left as it is."""

    def start(self, server: Server) -> None:
        """Begin; the warehouse is open. An error ends the server."""

    def stop(self, seconds: float) -> None:
        """Take in nothing more, and finish within some seconds what has been taken in."""

    def reload(self) -> None:
        """Read again what can have changed, such as tokens and the champion (SIGHUP)."""

    def problem(self) -> str | None:
        """Return why the server cannot do its work now, None if it can."""
        return None

    def routes(self) -> Sequence[BaseRoute]:
        """Return what it answers by HTTP."""
        return ()

    def metrics(self) -> Iterable[Metric]:
        """Return its metrics."""
        return ()
