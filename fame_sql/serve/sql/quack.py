"""DuckDB's own protocol, Quack: any DuckDB attaches the warehouse and asks.

DuckDB asks two functions of this module: who opens a session, by the token, and whether a session
may run a statement. A session whose token was withdrawn may run nothing more.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING

import duckdb

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.serve.access import is_local
from fame_sql.serve.part import Part
from fame_sql.serve.sql.audit import Audit
from fame_sql.serve.sql.enclosure import Enclosure
from fame_sql.serve.sql.statements import Statements
from fame_sql.serve.tokens import Holder, Tokens, digest
from fame_sql.warehouse.lake.kind import is_lake

if TYPE_CHECKING:
    from fame_sql.serve.server import Server

_MOST_SESSIONS = 10_000
_MAY_OPEN, _MAY_RUN = "fame_quack_open", "fame_quack_run"


class Sessions:
    """Who holds which session; safe for use by many threads.

    Parameters
    ----------
    tokens : Tokens
        The tokens that are accepted.
    statements : Statements
        What a role may run.
    audit : Audit
        Where statements are noted.
    """

    def __init__(self, tokens: Tokens, statements: Statements, audit: Audit) -> None:
        self._tokens = tokens
        self._statements = statements
        self._audit = audit
        self._held: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, session: str | None, token: str | None, server_token: str | None) -> bool:
        """Return whether a client may open a session; DuckDB calls it."""
        holder = self._tokens.holder_of(token)
        may = session is not None and holder is not None and holder.role.may_read
        if session is not None and may:
            with self._lock:
                self._held[session] = digest(token or "")
                while len(self._held) > _MOST_SESSIONS:
                    self._held.popitem(last=False)
        if not may:
            reason = "the token is not known" if holder is None else "the token only sends logs"
            self._audit.note(holder, "quack", "(a session)", reason)
        return may

    def run(self, session: str | None, statement: str | None) -> bool:
        """Return whether a session may run a statement; DuckDB calls it."""
        holder = self._holder(session)
        text = statement or ""
        if holder is None:
            reason: str | None = "the session has no token that is accepted"
        else:
            reason = self._statements.refusal(text, holder.role)
        self._audit.note(holder, "quack", text, reason)
        return reason is None

    def _holder(self, session: str | None) -> Holder | None:
        with self._lock:
            kept = self._held.get(session or "")
            if kept is not None:
                self._held.move_to_end(session or "")
        return None if kept is None else self._tokens.holder_of_digest(kept)


class Quack(Part):
    """Serves Quack, where DuckDB has the extension.

    Parameters
    ----------
    tokens, statements, audit
        As for :class:`Sessions`.
    enclosure : Enclosure
        Knows whether DuckDB has the extension.
    address : str
        Host and port, such as ``localhost:9494``.
    """

    def __init__(
        self,
        tokens: Tokens,
        statements: Statements,
        audit: Audit,
        enclosure: Enclosure,
        address: str,
    ) -> None:
        self._tokens = tokens
        self._sessions = Sessions(tokens, statements, audit)
        self._uri = f"quack:{address}"
        self._enclosure = enclosure
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def uri(self) -> str | None:
        """What clients attach; None if nothing is served."""
        return self._uri if self._connection is not None else None

    def start(self, server: Server) -> None:
        """Listen.

        Raises
        ------
        InputError
            If the address cannot be listened at.
        """
        host = self._uri.removeprefix("quack:").rpartition(":")[0].strip("[]")
        if not is_local(host) and not self._tokens:
            raise InputError(
                f"{host} can be reached from elsewhere, and there is no token: make one with 'fame "
                "token create NAME --role reader', or name localhost with --quack"
            )
        if not self._enclosure.has_quack:
            return
        connection = server.cursor().connection
        self._register(connection)
        connection.execute(sql.load("serve/attachable_tables"))
        # The token of the protocol itself opens nothing: the functions above decide.
        serve = "CALL quack_serve(?, token = ?, allow_other_hostname = true, disable_ssl = true)"
        try:
            connection.execute(serve, [self._uri, secrets.token_urlsafe(32)]).fetchall()
        except duckdb.Error as error:
            connection.close()
            raise InputError(
                f"{self._uri} cannot be listened at ({str(error).splitlines()[0]}): name another "
                "address with --quack"
            ) from None
        self._connection = connection

    def stop(self, seconds: float) -> None:
        """Listen no longer."""
        if self._connection is None:
            return
        with suppress(duckdb.Error):
            self._connection.execute("CALL quack_stop(?)", [self._uri]).fetchall()
        with suppress(duckdb.Error):
            # In a lake it is for the other servers as well.
            if not is_lake(self._connection):
                self._connection.execute(sql.load("serve/forget_attachable_tables"))
        for setting in ("authentication", "authorization"):
            with suppress(duckdb.Error):
                self._connection.execute(f"RESET GLOBAL quack_{setting}_function")
        for name in (_MAY_OPEN, _MAY_RUN):
            with suppress(duckdb.Error):
                self._connection.remove_function(name)
        self._connection.close()
        self._connection = None

    def _register(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let DuckDB ask this process who may do what."""
        asked = ((_MAY_OPEN, self._sessions.open, 3), (_MAY_RUN, self._sessions.run, 2))
        for name, function, inputs in asked:
            connection.create_function(  # type: ignore[call-overload]
                name,
                function,
                ["VARCHAR"] * inputs,
                "BOOLEAN",
                null_handling="special",
                side_effects=True,
            )
        connection.execute(f"SET GLOBAL quack_authentication_function = '{_MAY_OPEN}'")
        connection.execute(f"SET GLOBAL quack_authorization_function = '{_MAY_RUN}'")
