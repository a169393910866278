"""The file that names the server, for the commands of its own user."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from fame_sql.serve.address import Address, Published
from fame_sql.serve.commands.http import OWNER
from fame_sql.serve.part import Part
from fame_sql.serve.sql.quack import Quack
from fame_sql.serve.tokens import Holder, Role, Tokens, new_secret

if TYPE_CHECKING:
    from fame_sql.serve.server import Server


class Nameplate(Part):
    """Writes the file by which commands find the server, and removes it at the end."""

    def __init__(self, tokens: Tokens, quack: Quack | None) -> None:
        self._tokens = tokens
        self._quack = quack
        self._published: Published | None = None

    def start(self, server: Server) -> None:
        """Write the file; the server listens by now."""
        secret = new_secret()
        self._tokens.add(secret, Holder(OWNER, Role.WRITER))
        quack = self._quack.uri if self._quack is not None else None
        real = Path(server.path).resolve()
        address = Address(_local(server.url), str(real), secret, quack, os.getpid())
        self._published = Published(server.path, address)

    def stop(self, seconds: float) -> None:
        """Remove the file."""
        if self._published is not None:
            self._published.close()


def _local(url: str) -> str:
    """Return how this machine reaches a server that listens everywhere."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
