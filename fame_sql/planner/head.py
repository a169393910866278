"""Where the query begins in a statement that fills a table, or makes a view."""

from __future__ import annotations

import sqlglot
from sqlglot import Token, TokenType

from fame_sql.planner.dialect import DIALECT

_MADE = (TokenType.TABLE, TokenType.VIEW)
_QUERIES = (TokenType.SELECT, TokenType.WITH, TokenType.FROM)


def split_head(statement: str, made: TokenType = TokenType.TABLE) -> tuple[str, str]:
    """Return what stands before the query of a statement, and the query.

    Parameters
    ----------
    statement : str
        One statement, without what ends it.
    made : TokenType
        What a ``CREATE`` is to make: a table or a view.

    Raises
    ------
    ValueError
        If it is no query, and neither fills a table nor makes what it is to make.
    """
    start = _query_start(sqlglot.tokenize(statement, read=DIALECT), made)
    return statement[:start], statement[start:]


def _query_start(tokens: list[Token], made: TokenType) -> int:
    first = tokens[0].token_type if tokens else None
    if first in (*_QUERIES, TokenType.L_PAREN):
        return 0
    top = _top_level(tokens)
    kind = next((t.token_type for t in top if t.token_type in _MADE), None)
    if first == TokenType.CREATE and kind == made:
        return next((t.end + 1 for t in top if t.token_type == TokenType.ALIAS), 0)
    if first == TokenType.INSERT:
        return next((t.start for t in top if t.token_type in _QUERIES), 0)
    raise ValueError("neither a query nor one that fills a table")


def _top_level(tokens: list[Token]) -> list[Token]:
    """Return the tokens outside all parentheses."""
    found, depth = [], 0
    for token in tokens:
        depth -= token.token_type == TokenType.R_PAREN
        if depth == 0:
            found.append(token)
        depth += token.token_type == TokenType.L_PAREN
    return found
