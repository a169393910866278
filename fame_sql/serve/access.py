"""Who may send logs: whoever has a token for it, or anyone at this machine without tokens."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from fame_sql.errors import InputError
from fame_sql.serve.refused import RefusedError
from fame_sql.serve.tokens import Tokens

if TYPE_CHECKING:
    from starlette.requests import Request


def check_sender(request: Request, tokens: Tokens) -> None:
    """Refuse a request to store something without the right to.

    Raises
    ------
    RefusedError
        401 without a token that is known, 403 with one that may not.
    """
    if not tokens.has_sender():
        return
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    role = tokens.role_of(token.strip()) if kind.lower() == "bearer" else None
    if role is None:
        how = 'Bearer realm="fame"'
        message = "a token is needed: send 'Authorization: Bearer TOKEN'; 'fame token' makes one"
        raise RefusedError(401, message, {"WWW-Authenticate": how})
    if not role.may_ingest:
        message = f"a token of the role {role} may not send logs: use one of the role ingest"
        raise RefusedError(403, message)


def check_address(host: str, tokens: Tokens) -> None:
    """Refuse to listen beyond this machine without a token.

    Raises
    ------
    InputError
        If others could send logs.
    """
    if not is_local(host) and not tokens.has_sender():
        raise InputError(
            f"{host} can be reached from elsewhere, and anyone could send logs: make a token with "
            "'fame token create NAME --role ingest', or listen at 127.0.0.1"
        )


def is_local(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
