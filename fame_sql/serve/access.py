"""Who may send logs: whoever has a token for it, or anyone at this machine without tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fame_sql.serve.refused import RefusedError

if TYPE_CHECKING:
    from starlette.requests import Request

_MAY_SEND = {"INGEST", "WRITER"}


class Role(Protocol):
    """What the owner of a token may do."""

    @property
    def name(self) -> str:
        """``READER``, ``WRITER`` or ``INGEST``."""
        ...


class TokenCheck(Protocol):
    """Knows the tokens."""

    def role_of(self, token: str) -> Role | None:
        """Return the role of a token, None if it is not known."""
        ...


def check_sender(request: Request, tokens: TokenCheck | None) -> None:
    """Refuse a request to store something without the right to.

    Raises
    ------
    RefusedError
        401 without a token that is known, 403 with one that may not.
    """
    if tokens is None:
        return
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    role = tokens.role_of(token.strip()) if kind.lower() == "bearer" else None
    if role is None:
        how = 'Bearer realm="fame"'
        message = "a token is needed: send 'Authorization: Bearer TOKEN'; 'fame token' makes one"
        raise RefusedError(401, message, {"WWW-Authenticate": how})
    if role.name not in _MAY_SEND:
        raise RefusedError(
            403, f"a {role.name.lower()} token may not send logs: use one for ingest"
        )
