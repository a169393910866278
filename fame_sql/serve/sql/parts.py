"""The parts of a server that answer SQL and commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fame_sql import sql
from fame_sql.serve.commands.http import Commands
from fame_sql.serve.part import Part
from fame_sql.serve.sql.audit import Audit
from fame_sql.serve.sql.enclosure import Enclosure
from fame_sql.serve.sql.functions import Functions
from fame_sql.serve.sql.http import SqlByHttp
from fame_sql.serve.sql.nameplate import Nameplate
from fame_sql.serve.sql.quack import Quack
from fame_sql.serve.sql.running import Limits
from fame_sql.serve.sql.statements import Statements
from fame_sql.serve.sql.vouching import Vouching
from fame_sql.serve.tokens import Tokens

if TYPE_CHECKING:
    import click

    from fame_sql.serve.server import Server


@dataclass(frozen=True)
class SqlSettings:
    """How a server answers SQL.

    Parameters
    ----------
    tokens : Tokens
        Who may ask.
    quack : str or None
        Where DuckDB clients are answered, as ``HOST:PORT``; None answers none.
    memory : str or None
        The most memory that DuckDB may use, such as ``4GB``.
    limits : Limits
        What one statement by HTTP may take unless it asks for more.
    """

    tokens: Tokens
    quack: str | None = "localhost:9494"
    memory: str | None = None
    limits: Limits = field(default_factory=Limits)


def sql_parts(
    settings: SqlSettings, program: click.Group, web: Sequence[Part], say: Callable[[str], None]
) -> list[Part]:
    """Return the parts that answer SQL, around those that listen.

    Parameters
    ----------
    settings : SqlSettings
        The settings.
    program : click.Group
        The command line, whose commands clients run.
    web : sequence of Part
        The other parts of the server; the last one listens.
    say : callable
        Is given what a person should know, in one line.
    """
    tokens, audit, macros = settings.tokens, Audit(), Macros()
    vouching = Vouching()
    statements = Statements(macros.names, vouching.note)
    enclosure = Enclosure(settings.memory, say, quack=settings.quack is not None)
    answering: list[Part] = [
        SqlByHttp(tokens, statements, audit, settings.limits),
        Commands(program, tokens, statements, audit),
    ]
    quack = settings.quack and Quack(tokens, statements, audit, enclosure, settings.quack)
    if isinstance(quack, Quack):
        answering.append(quack)
    before = [vouching, Functions(), macros, enclosure, audit]
    plate = Nameplate(tokens, quack if isinstance(quack, Quack) else None)
    return [*before, *web[:-1], *answering, *web[-1:], plate]


class Macros(Part):
    """Knows the warehouse's own table functions."""

    def __init__(self) -> None:
        self._server: Server | None = None

    def start(self, server: Server) -> None:
        """Begin."""
        self._server = server

    def names(self) -> set[str]:
        """Return their names, in lower case."""
        if self._server is None:
            return set()
        warehouse = self._server.cursor()
        try:
            return {name for (name,) in warehouse.rows(sql.load("serve/table_macros"))}
        finally:
            warehouse.close()
