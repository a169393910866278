"""Who asks by HTTP: the bearer token of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fame_sql.serve.refused import RefusedError
from fame_sql.serve.tokens import Holder, Role, Tokens

if TYPE_CHECKING:
    from starlette.requests import Request


def who_asks(request: Request, tokens: Tokens, needed: Role = Role.READER) -> Holder:
    """Return who sends a request.

    Raises
    ------
    RefusedError
        401 without a token that is known, 403 with one that may do less than is needed.
    """
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    holder = tokens.holder_of(token.strip()) if kind.lower() == "bearer" else None
    if holder is None:
        raise RefusedError(
            401,
            f"this needs a token of the role {_names(needed)}: send 'Authorization: Bearer TOKEN'; "
            f"'fame token create NAME --role {needed}' makes one",
            {"WWW-Authenticate": 'Bearer realm="fame"'},
        )
    if not (holder.role.may_write or (holder.role.may_read and needed is Role.READER)):
        raise RefusedError(
            403, f"this needs a token of the role {_names(needed)}; {holder.name} is {holder.role}"
        )
    return holder


def _names(role: Role) -> str:
    return "writer" if role is Role.WRITER else "reader or writer"
