"""Statements that call a live function on the rows of their source: the call is moved into it.

What is moved is a column of a query that can be planned by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import sqlglot
from sqlglot import TokenType, exp

from fame_sql.planner.parts import Parts, Statement, alias_of, end_of
from fame_sql.planner.tree import DIALECT, FIELDS, is_live

MAYBE = "__fame_maybe"
"""Begins the name of a column that a statement may need for fewer rows than its source has."""

_ALWAYS = "__fame_always"
_ALL_COLUMNS = re.compile(
    r"\bBY\s+NAME\b|\b(?:INSERT|UPDATE|SET)\s*(?:\*|WHEN\b|RETURNING\b|$)", re.I
)
_SKIPS = re.compile(r"\b(?:CASE|COALESCE|IFNULL|IF|OR|FILTER|BETWEEN)\b", re.IGNORECASE)
_NAMED = re.compile(r"\bAS\b", re.IGNORECASE)
_MATCHED = re.compile(r"WHEN\s+MATCHED\b", re.IGNORECASE)
_NOT_MATCHED = re.compile(r"WHEN\s+NOT\s+MATCHED\b(?!\s+BY\s+SOURCE)", re.IGNORECASE)


def move_merge(parts: Parts) -> Statement | None:
    """Move the calls of a MERGE into its source; without its rows that no clause can need.

    Before: ``MERGE INTO kept USING few AS n ON kept.i = n.i WHEN MATCHED THEN UPDATE SET
    s = fame_score(n.body)``

    After: ``MERGE INTO kept USING (SELECT *, fame_score(n.body) AS __fame_always_0 FROM few AS n
    WHERE EXISTS (SELECT 1 FROM kept WHERE kept.i = n.i)) AS n ON kept.i = n.i WHEN MATCHED THEN
    UPDATE SET s = n.__fame_always_0``

    Left alone: ``INSERT *`` and the like, which would see the column
    """
    written = parts.written
    into, using, first = parts.find("INTO"), parts.find("USING"), parts.find("WHEN")
    if into is None or using is None or first is None:
        return None
    on = parts.find("ON", "USING", after=using)
    if on is None or on > first or _ALL_COLUMNS.search(written[first:]):
        return None
    clauses = _clauses(parts, first)
    firsts = [next(filter(kind.match, clauses), "") for kind in (_MATCHED, _NOT_MATCHED)]
    others = [c for c in clauses if not (_MATCHED.match(c) or _NOT_MATCHED.match(c))]
    joined = f"EXISTS (SELECT 1 FROM {written[into + 4 : using]} WHERE {written[on + 2 : first]})"
    match firsts:
        case _ if written[on : on + 2].upper() != "ON":
            needed = ""
        case [_, ""]:
            needed = f" WHERE {joined}"
        case ["", _] if not others:
            needed = f" WHERE NOT {joined}"
        case _:
            needed = ""
    certain = [_certain(clause) for clause in firsts if clause or not needed]
    moved = Moved(parts, (using + 5, on), (first, len(written)), needed)
    return moved.statement(lambda call: all(call in part for part in certain))


def move_update(parts: Parts) -> Statement | None:
    """Move the calls of UPDATE .. FROM into the only source that it reads, without other rows.

    Before: ``UPDATE kept SET s = fame_score(f.body) FROM few AS f WHERE kept.i = f.i``

    After: ``UPDATE kept SET s = f.__fame_always_0 FROM (SELECT *, fame_score(f.body) AS
    __fame_always_0 FROM few AS f WHERE EXISTS (SELECT 1 FROM kept WHERE kept.i = f.i)) AS f
    WHERE kept.i = f.i``

    Left alone: several sources
    """
    written, sets, start = parts.written, parts.find("SET"), parts.find("FROM")
    stop = end_of(parts)
    if sets is None or start is None or parts.find("JOIN", ",", after=start) is not None:
        return None
    where = parts.find("WHERE", after=start) or stop
    moved = Moved(parts, (start + 4, where), (0, stop), "")
    tests = [part for part in _conjuncts(parts, where + 5, stop) if not moved.has_call(part)]
    is_certain = not _SKIPS.search(written)
    if where < stop and is_certain:
        joined = " AND ".join(tests) or "true"
        needed = f" WHERE EXISTS (SELECT 1 FROM {written[6:sets]} WHERE {joined})"
        moved = replace(moved, needed=needed)
    return moved.statement(lambda _: is_certain)


def move_pivot(parts: Parts) -> Statement | None:
    """Move the calls of a PIVOT into its source.

    Before: ``PIVOT logs ON service_name USING max(fame_score(body)) GROUP BY host_name``

    After: ``PIVOT (SELECT *, fame_score(body) AS __fame_always_0 FROM logs) AS logs ON service_name
    USING max(__fame_always_0) GROUP BY host_name``

    Left alone: without GROUP BY, where all other columns make groups; several aggregates, which
    are named after their expressions
    """
    on, using, group = parts.find("ON"), parts.find("USING"), parts.find("GROUP BY")
    if on is None or group is None:
        return None
    aggregates = parts.written[using or group : group]
    commas = [t for t in parts.outside if t.text == "," and (using or group) < t.start < group]
    if commas and len(_NAMED.findall(aggregates)) <= len(commas):
        return None
    moved = Moved(parts, (5, on), (on, group), "", is_qualified=False)
    return moved.statement(lambda _: not _SKIPS.search(parts.written))


@dataclass(frozen=True)
class Moved:
    """A statement whose calls are to be columns of its source."""

    parts: Parts
    source: tuple[int, int]  # where its source stands
    calling: tuple[int, int]  # the part in which calls are moved
    needed: str  # a condition on the rows of the source
    is_qualified: bool = True  # columns are named with their source

    def statement(self, is_certain: Callable[[str], bool]) -> Statement | None:
        """Return the statement; None if a call is not of its source alone.

        ``is_certain`` says whether a call is evaluated for each row that is needed.
        """
        written, named = self.parts.written, self.parts.written[slice(*self.source)].strip()
        alias = _name_of(named)
        places = _calls(self.parts, self.calling)
        calls = list(dict.fromkeys(written[start:stop] for start, stop in places))
        qualifier = alias if self.is_qualified else ""
        if not alias or not calls or not all(_is_of(call, qualifier) for call in calls):
            return None
        names = [f"{_ALWAYS if is_certain(c) else MAYBE}_{n}" for n, c in enumerate(calls)]
        columns = "".join(f", {call} AS {name}" for call, name in zip(calls, names, strict=True))
        query = f"SELECT *{columns} FROM {named}{self.needed}"
        before = f"{qualifier}." if qualifier else ""
        changes = [(p, before + names[calls.index(written[slice(*p)])]) for p in places]
        return self._with(query, alias, changes)

    def _with(
        self, query: str, alias: str, changes: list[tuple[tuple[int, int], str]]
    ) -> Statement:
        """Return the statement with a query for its source, and other changes in its text."""
        text, begin = self.parts.written, self.source[0] + 2
        for (start, stop), new in sorted(
            [*changes, (self.source, f" ({query}) AS {alias} ")], reverse=True
        ):
            text = text[:start] + new + text[stop:]
            begin += len(new) - (stop - start) if stop <= self.source[0] else 0
        return Statement(text, ((begin, begin + len(query)),))

    def has_call(self, written: str) -> bool:
        """Return whether a part of the statement has one of the calls."""
        return any(
            self.parts.written[slice(*p)] in written for p in _calls(self.parts, self.calling)
        )


def _clauses(parts: Parts, first: int) -> list[str]:
    """Return the WHEN clauses of a MERGE; none if it is not certain where they begin."""
    if _SKIPS.search(parts.written[first:]):
        return []
    starts = [t.start for t in parts.outside if t.text.upper() == "WHEN" and t.start >= first]
    return [parts.written[a:b] for a, b in pairwise([*starts, len(parts.written)])]


def _certain(clause: str) -> str:
    """Return the part of a clause that is evaluated for each row of its kind."""
    condition, _, action = (
        re.split(r"(\bTHEN\b)", clause, maxsplit=1, flags=re.I) if clause else [""] * 3
    )
    tests = len(re.findall(r"\bAND\b", condition, re.IGNORECASE))
    return "" if tests > 1 else condition if tests else action


def _conjuncts(parts: Parts, start: int, stop: int) -> list[str]:
    """Return the conditions that AND joins in a part of a statement."""
    ands = [t for t in parts.outside if t.token_type == TokenType.AND and start <= t.start < stop]
    begins, ends = [start, *(t.end + 1 for t in ands)], [*(t.start for t in ands), stop]
    return [parts.written[a:b] for a, b in zip(begins, ends, strict=True)]


def _name_of(named: str) -> str:
    """Return the name under which a source is read; empty if it has none of its own."""
    parts = Parts(named)
    if not parts.tokens or parts.tokens[-1].token_type == TokenType.R_PAREN:
        return ""
    return alias_of(named)


def _calls(parts: Parts, within: tuple[int, int]) -> list[tuple[int, int]]:
    """Return where the calls of live functions stand in a part of a statement."""
    found = []
    for number, (token, following) in enumerate(pairwise(parts.tokens), 1):
        is_call = token.text.lower() in FIELDS and following.token_type == TokenType.L_PAREN
        if is_call and within[0] <= token.start < within[1]:
            found.append((token.start, parts.closing(number) + 1))
    return found


def _is_of(call: str, alias: str) -> bool:
    """Return whether a call reads columns of one source alone, named with it if it has an alias."""
    try:
        tree = sqlglot.parse_one(call, dialect=DIALECT)
    except sqlglot.errors.SqlglotError:
        return False
    columns = list(tree.find_all(exp.Column))
    simple = is_live(tree) and not tree.find(exp.Query, exp.AggFunc, exp.Window, exp.Lambda)
    own = (c.table.lower() == alias.lower() and not c.args.get("db") for c in columns)
    return simple and bool(columns) and all(own)
