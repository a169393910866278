"""A statement by its tokens: where its queries stand, what is outside parentheses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import sqlglot
from sqlglot import TokenType

from fame_sql.planner.tree import DIALECT, NotPlannedError

_NO_WORDS = (TokenType.STRING, TokenType.IDENTIFIER)
QUERIES = (TokenType.SELECT, TokenType.WITH, TokenType.FROM)


@dataclass(frozen=True)
class Statement:
    """A statement around queries that can be planned by themselves.

    Parameters
    ----------
    written : str
        Its text.
    queries : tuple of (int, int)
        Where the queries begin and end.
    """

    written: str
    queries: tuple[tuple[int, int], ...]

    def bodies(self) -> list[str]:
        """Return the texts of the queries."""
        return [self.written[start:stop] for start, stop in self.queries]

    def after(self, text: str) -> Statement:
        """Return the statement with a text before it."""
        moved = tuple((start + len(text), stop + len(text)) for start, stop in self.queries)
        return Statement(text + self.written, moved)

    def with_bodies(self, bodies: list[str]) -> str:
        """Return the statement with other queries."""
        text = self.written
        for (start, stop), body in reversed(list(zip(self.queries, bodies, strict=True))):
            text = f"{text[:start]} {body.strip()} {text[stop:]}".strip()
        return text


class Parts:
    """The tokens of a statement, with their depth in parentheses."""

    def __init__(self, written: str) -> None:
        self.written = written
        self.tokens = sqlglot.tokenize(written, read=DIALECT)
        kinds = [token.token_type for token in self.tokens]
        steps = [(kind == TokenType.L_PAREN) - (kind == TokenType.R_PAREN) for kind in kinds]
        depths = accumulate(steps, initial=0)
        self.outside = [t for t, d in zip(self.tokens, depths, strict=False) if not d]
        self.kind = self.tokens[0].token_type if self.tokens else TokenType.END

    def find(self, *words: str, after: int = -1) -> int | None:
        """Return where the first of some words stands outside parentheses; None if none does."""
        later = (t for t in self.outside if t.start > after and t.token_type not in _NO_WORDS)
        return next((t.start for t in later if t.text.upper() in words), None)

    def closing(self, opened: int) -> int:
        """Return where the parenthesis is closed that the token of this number opens."""
        depth = 0
        for token in self.tokens[opened:]:
            depth += token.token_type == TokenType.L_PAREN
            depth -= token.token_type == TokenType.R_PAREN
            if depth == 0:
                return token.start
        raise NotPlannedError("a parenthesis is not closed")

    def groups(self) -> Iterator[tuple[int, int]]:
        """Yield the outermost queries in parentheses, not those of EXISTS."""
        opened: list[tuple[int, bool]] = []
        before = ""
        for token, following in zip(self.tokens, [*self.tokens[1:], None], strict=True):
            if token.token_type == TokenType.L_PAREN:
                is_query = following is not None and following.token_type in QUERIES
                opened.append((token.end + 1, is_query and before != "EXISTS"))
            elif token.token_type == TokenType.R_PAREN and opened:
                start, is_query = opened.pop()
                if is_query and not any(inside for _, inside in opened):
                    yield start, token.start
            before = token.text.upper()


def end_of(parts: Parts) -> int:
    """Return where RETURNING begins, or the statement ends."""
    return parts.find("RETURNING") or len(parts.written)


def without_groups(written: str) -> str:
    """Return SQL without the queries in its parentheses."""
    groups = tuple(Parts(written).groups())
    return Statement(written, groups).with_bodies([""] * len(groups))


def alias_of(named: str) -> str:
    """Return the name by which a table is known, from ``t``, ``s.t`` or ``t AS a``."""
    return Parts(named).tokens[-1].text if '"' not in named else named.split()[-1].split(".")[-1]


def split(written: str) -> list[str]:
    """Return the parts of a list, which commas outside parentheses divide."""
    tokens, depth, start = sqlglot.tokenize(written, read=DIALECT), 0, 0
    found = []
    for token in tokens:
        depth += token.text in ("(", "[", "{")
        depth -= token.text in (")", "]", "}")
        if token.token_type == TokenType.COMMA and not depth:
            found.append(written[start : token.start])
            start = token.end + 1
    return [*found, written[start:]]
