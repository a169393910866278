"""Where the queries of a statement stand in its text, and how parameters are named in it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import sqlglot
from sqlglot import Token, TokenType

from fame_sql.planner.moved_calls import move_merge, move_pivot, move_update
from fame_sql.planner.parts import (
    QUERIES,
    Parts,
    Statement,
    alias_of,
    end_of,
    split,
    without_groups,
)
from fame_sql.planner.tree import DIALECT, NotPlannedError

_OUTSIDE = re.compile(
    r"\s*(?:EXPLAIN(?:\s+ANALYZE)?(?:\s*\([^)]*\))?|SUMMARIZE)\s+(?=\(?\s*(?:SELECT|FROM|WITH|"
    r"CREATE|INSERT|COPY|UPDATE|DELETE|MERGE|PIVOT)\b)",
    re.IGNORECASE,
)
_BY_ORDER = re.compile(r"\b(list|first|last|any_value|array_agg|string_agg|LIMIT)\b", re.IGNORECASE)
ONE = "only one SELECT, or the queries in a statement that runs some, are planned"
_MAKES_PIVOT = re.compile(
    r"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP(?:ORARY)?\s+)?TABLE\s[^()]*?\sAS\s+(?=PIVOT\b)", re.I
)
_TARGET = re.compile(r"TO\s+'(?P<path>(?:[^']|'')+)'(?P<options>[^']*)", re.IGNORECASE)
# Of these the target is a folder, which DuckDB makes.
_FOLDERS = re.compile(r"PARTITION_BY|PER_THREAD_OUTPUT|FILE_SIZE_BYTES|ROW_GROUPS_PER_FILE", re.I)
_MADE = ("TABLE", "VIEW", "MACRO", "FUNCTION")
_PLACES = (TokenType.PLACEHOLDER, TokenType.QDCOLON)
_ROW, _NEW = "__fame_row", "__fame_new"


def read_statement(written: str, is_live: Callable[[str], bool]) -> tuple[str, Statement]:
    """Return what stands before a statement (EXPLAIN, SUMMARIZE), and the statement itself.

    Parameters
    ----------
    written : str
        One statement.
    is_live : callable
        Whether a part of its text calls a live function.

    Raises
    ------
    NotPlannedError
        If no part of it is a query with a live call.
    """
    found = _OUTSIDE.match(written)
    before, inner = (found[0], written[found.end() :]) if found else ("", written)
    if making := _MAKES_PIVOT.match(inner):
        _, pivot = read_statement(inner[making.end() :], is_live)
        return before, pivot.after(making[0])
    parts = Parts(inner)
    match parts.kind:
        case TokenType.WITH if statement := _with_first(parts):
            return before, statement
        case kind if kind in (*QUERIES, TokenType.L_PAREN) and not _changes(parts):
            return before, Statement(inner, ((0, len(inner)),))
        case TokenType.CREATE | TokenType.INSERT if span := _filling(parts):
            return before, Statement(inner, (span,))
        case TokenType.DELETE if statement := _delete(parts, is_live):
            return before, statement
        case TokenType.UPDATE if statement := _update(parts, is_live) or move_update(parts):
            return before, statement
        case TokenType.MERGE if statement := move_merge(parts):
            return before, statement
        case TokenType.PIVOT if statement := move_pivot(parts):
            return before, statement
    if parts.kind == TokenType.CREATE:
        raise NotPlannedError(ONE)
    if parts.kind == TokenType.COPY:
        _check_target(inner[(parts.find("TO") or 0) :])
    groups = tuple((a, b) for a, b in parts.groups() if is_live(inner[a:b]))
    if not groups or is_live(Statement(inner, groups).with_bodies([""] * len(groups))):
        raise NotPlannedError(f"{ONE}: its live calls are outside of a query in parentheses")
    if parts.kind != TokenType.COPY and _BY_ORDER.search(without_groups(inner)):
        raise NotPlannedError("it takes rows by their order")
    return before, Statement(inner, groups)


def _check_target(written: str) -> None:
    """Refuse ``COPY .. TO`` a file that cannot be written: DuckDB opens it after the scoring.

    Refused: ``COPY (SELECT fame_score(body) FROM logs) TO '/nonexistent/scored.csv'``
    """
    found = _TARGET.match(written)
    if found is None or _FOLDERS.search(found["options"]) or "://" in found["path"]:
        return
    path = Path(found["path"].replace("''", "'")).expanduser()
    if path.is_dir():
        reason = "it is a folder"
    elif not path.parent.is_dir():
        reason = f"there is no folder '{path.parent}'"
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        reason = "its owner does not allow it"
    else:
        return
    raise NotPlannedError(f"{found['path']} cannot be written: {reason}")


def after_as(definition: str) -> str:
    """Return the query of ``CREATE VIEW .. AS ..``, as it is written."""
    parts = Parts(definition)
    start = next((t.end + 1 for t in parts.outside if t.token_type == TokenType.ALIAS), None)
    if parts.kind != TokenType.CREATE or start is None:
        raise NotPlannedError("not the definition of a view")
    return definition[start:]


def only_statement(written: str) -> str:
    """Return the only statement of a text, in which each ``?`` has its number: ``$1``, ``$2``.

    Raises
    ------
    NotPlannedError
        If there are several.
    """
    try:
        tokens = sqlglot.tokenize(written, read=DIALECT)
    except sqlglot.errors.SqlglotError:
        raise NotPlannedError("sqlglot cannot read it") from None
    ends = [t.start for t in tokens if t.token_type == TokenType.SEMICOLON]
    end = ends[0] if ends else len(written)
    if any(t.start > end and t.token_type != TokenType.SEMICOLON for t in tokens):
        raise NotPlannedError(f"{ONE}, one at a time")
    marks = [t.start for t in tokens if t.text in ("?", "?::") and t.token_type in _PLACES]
    statement = written[:end]
    for number, start in reversed(list(enumerate(marks, 1))):
        statement = f"{statement[:start]}${number}{statement[start + 1 :]}"
    return statement.strip()


def _changes(parts: Parts) -> bool:
    """Return whether a statement that begins as a query changes a table, or pivots."""
    return parts.find("INSERT", "UPDATE", "DELETE", "MERGE") is not None


def _with_first(parts: Parts) -> Statement | None:
    """Return ``WITH .. INSERT INTO .. SELECT`` with the CTEs before its SELECT; None for others."""
    start = parts.find("INSERT")
    if start is None:
        return None
    inner = parts.written[start:]
    span = _filling(Parts(inner))
    if span is None or inner[span[0] :].lstrip("( ").upper().startswith("WITH"):
        return None
    text = f"{inner[: span[0]]} {parts.written[:start]}{inner[span[0] :]}"
    moved = len(text) - len(inner)
    return Statement(text, ((span[0], span[1] + moved),))


def _filling(parts: Parts) -> tuple[int, int] | None:
    """Return where the query of CREATE TABLE AS, or of INSERT, begins and ends."""
    if parts.kind == TokenType.CREATE:
        made = (t.text.upper() for t in parts.outside if t.text.upper() in _MADE)
        start = parts.find("AS")
        is_table = next(made, "") == "TABLE" and start is not None
        return ((start or 0) + 2, len(parts.written)) if is_table else None
    queries = (t.start for t in parts.outside if t.token_type in QUERIES)
    start = next(queries, None)
    if start is None:
        return None
    conflict = next(
        (a.start for a, b in pairwise(parts.outside) if _are(a, b, "ON", "CONFLICT")), None
    )
    stops = (conflict, parts.find("RETURNING", after=start), len(parts.written))
    return start, min(stop for stop in stops if stop is not None)


def _are(one: Token, other: Token, *words: str) -> bool:
    return (one.text.upper(), other.text.upper()) == words


def _delete(parts: Parts, is_live: Callable[[str], bool]) -> Statement | None:
    """Return a DELETE by the numbers of rows that a query of its condition finds."""
    table, where, stop = parts.find("FROM"), parts.find("WHERE"), end_of(parts)
    if table is None or where is None or parts.find("USING") is not None:
        return None
    named, condition = parts.written[table + 4 : where], parts.written[where + 5 : stop]
    if not is_live(without_groups(condition)):
        return None
    head = f"{parts.written[:where]} WHERE rowid IN ("
    query = f"SELECT {_ROW} FROM {_with_row(named)} WHERE {condition}"
    text = f"{head}{query}) {parts.written[stop:]}"
    return Statement(text, ((len(head), len(head) + len(query)),))


def _update(parts: Parts, is_live: Callable[[str], bool]) -> Statement | None:
    """Return an UPDATE from a query for the numbers of its rows and its new values."""
    sets, stop = parts.find("SET"), end_of(parts)
    if sets is None or parts.find("FROM") is not None:
        return None
    where = parts.find("WHERE")
    named, given = parts.written[6:sets], parts.written[sets + 3 : stop if where is None else where]
    condition = "" if where is None else parts.written[where:stop]
    if not is_live(without_groups(f"{given} {condition}")):
        return None
    pairs = [part.partition("=") for part in split(given)]
    if any(n.strip()[0] == "(" or v.strip().upper() == "DEFAULT" for n, _, v in pairs):
        return None
    values = "".join(f", {value} AS {_NEW}_{i}" for i, (_, _, value) in enumerate(pairs))
    assigned = ", ".join(f"{name} = {_NEW}.{_NEW}_{i}" for i, (name, _, _) in enumerate(pairs))
    head = f"UPDATE {named} SET {assigned} FROM ("
    query = f"SELECT {_ROW}{values} FROM {_with_row(named)} {condition}"
    outer = f") AS {_NEW} WHERE {alias_of(named)}.rowid = {_NEW}.{_ROW} {parts.written[stop:]}"
    return Statement(f"{head}{query}{outer}", ((len(head), len(head) + len(query)),))


def _with_row(named: str) -> str:
    """Return a source with all rows of a table and their numbers, under the name of the table."""
    table = re.split(r"\s+(?:AS\s+)?(?=\S+\s*$)", named.strip(), flags=re.IGNORECASE)[0]
    return f"(SELECT rowid AS {_ROW}, * FROM {table}) AS {alias_of(named)}"
