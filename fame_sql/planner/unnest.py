"""``unnest`` of a stored verdict, as DuckDB takes it.

A stored function is a subquery, which DuckDB cannot copy for each field of a struct. It can unnest
a list of one such struct, with the same rows, names and types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import sqlglot
from sqlglot import TokenType

from fame_sql.planner.parts import Parts
from fame_sql.planner.tree import NotPlannedError

_CALL = re.compile(
    r'\s*((\w+|"[^"]+")\s*\.\s*)?"?(fame"?\s*\.\s*"?(verdict|explain)'
    r'|fame_stored"?\s*\.\s*"?fame_verdict|fame_stored_first_verdict)"?\s*$',
    re.IGNORECASE,
)
_MENTIONED = re.compile(r"\bunnest\b.*\b(?:verdict|explain|\w+_verdict)\b", re.I | re.DOTALL)


def unnest_lists(written: str) -> str:
    """Return a statement in which ``unnest`` takes a stored verdict in a list.

    Before: ``SELECT log_id, unnest(fame.verdict(body)) FROM logs``

    After: ``SELECT log_id, unnest([fame.verdict(body)], max_depth := 2) FROM logs``

    Left alone: a statement that also unnests anything else, whose lists may be longer
    """
    if not _MENTIONED.search(written):
        return written
    try:
        found = list(_unnested(written))
    except (sqlglot.errors.SqlglotError, NotPlannedError):
        return written
    if not all(_is_stored(written[start:stop]) for start, stop in found):
        return written
    for start, stop in reversed(found):
        inside = written[start:stop].strip()
        written = f"{written[:start]}[{inside}], max_depth := 2{written[stop:]}"
    return written


def _unnested(written: str) -> Iterator[tuple[int, int]]:
    """Yield where the arguments of each ``unnest`` begin and end."""
    parts = Parts(written)
    for number, (token, following) in enumerate(pairwise(parts.tokens), 1):
        if token.text.upper() == "UNNEST" and following.token_type == TokenType.L_PAREN:
            yield following.end + 1, parts.closing(number)


def _is_stored(argument: str) -> bool:
    """Return whether an argument is one call of a stored function that returns a struct."""
    parts = Parts(argument)
    parens = (n for n, t in enumerate(parts.tokens) if t.token_type == TokenType.L_PAREN)
    opened = next(parens, None)
    if opened is None or not _CALL.match(argument[: parts.tokens[opened].start]):
        return False
    return parts.closing(opened) == parts.tokens[-1].start
