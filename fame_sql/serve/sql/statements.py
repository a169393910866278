"""Which statements a role may run.

DuckDB's own parser decides what a text is: its first word says nothing, as in
``SELECT 1; DROP TABLE logs``. A reader runs one ``SELECT``. Its tree is looked at as well, because
DuckDB 2.0 takes ``WITH a AS (DELETE ..)`` for a ``SELECT``, and some table functions act, such as
those that stop or open a server.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Collection, Iterator
from itertools import pairwise
from typing import Any

import duckdb

from fame_sql.serve.tokens import Role

LONGEST = 1_000_000
"""The most characters of a statement."""

_DEEPEST = 200
_NONE: frozenset[str] = frozenset()

# Kinds of statements of a writer: no files, settings, extensions or other databases.
_WRITING = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE_INTO", "CREATE", "CREATE_FUNC", "DROP"}
_WRITING |= {"ALTER", "ANALYZE", "VACUUM", "EXPLAIN", "TRANSACTION"}

_QUERIES = {"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"}

# Table functions of DuckDB that only read, and only the database. All others are refused.
_TABLES = {"range", "generate_series", "unnest", "repeat", "repeat_row", "summary"}
_TABLES |= {"json_each", "json_tree", "icu_calendar_names", "pg_timezone_names"}
_TABLES |= {"pragma_table_info", "pragma_version", "pragma_show", "pragma_database_size"}
_TABLES |= {"pragma_storage_info", "pragma_collations", "pragma_platform", "pragma_user_agent"}
_CATALOG: tuple[str, ...] = (
    "columns",
    "constraints",
    "databases",
    "functions",
    "indexes",
    "keywords",
    "schemas",
)
_CATALOG += ("sequences", "tables", "types", "views", "memory", "temporary_files")
_TABLES |= {f"duckdb_{name}" for name in _CATALOG}

# Functions that act, or tell what is not in the tables.
_ACTING = re.compile(
    r"quack_\w*|fame_quack_\w+|_fame_\w+|nextval|setval|currval|write_log|getenv|current_setting",
    re.IGNORECASE,
)
_EXPLAIN = re.compile(r"\A\s*EXPLAIN(\s+ANALYZE)?(\s*\([\w\s,]*\))?(?=[\s(])", re.IGNORECASE)
_PIVOT = (
    "a reader runs one SELECT statement; a PIVOT names its values: PIVOT .. ON column IN (1, 2)"
)
# What reaches the server itself, the catalogue of a lake or any PostgreSQL, or changes its history:
# DuckDB lets all of them through where other access is off. A text that is put together of parts
# would hide their names.
_ANYWHERE = re.compile(
    r"\b(?:fame_)?quack_\w+|\bpostgres_(?:query|execute|scan\w*|attach|configure_pool)\b"
    r"|__ducklake_\w+|\bducklake_\w+"
    r"|\b(?:expire_snapshots|cleanup_old_files|delete_orphaned_files|merge_adjacent_files)\b"
    r"|\b(?:rewrite_data_files|flush_inlined_data|add_data_files|set_option|set_commit_message)\b"
    r"|\bjson_execute_serialized_sql\b|\bquery_table\b|\bquery(?=\"?(?:\s|/\*.*?\*/|--[^\n]*\n)*\()",
    re.IGNORECASE | re.DOTALL,
)
_CATALOGUE = "__ducklake_"
_BEFORE_SECRET = {"OR", "REPLACE", "PERSISTENT", "TEMPORARY", "TEMP"}


class Statements:
    """Says which statements a role may run; safe for use by many threads.

    Parameters
    ----------
    read_macros : callable, optional
        Returns the names of the warehouse's own table functions, in lower case.
    note : callable, optional
        Is told of each statement that a writer may run, and of the kinds of its statements.
    """

    def __init__(
        self,
        read_macros: Callable[[], Collection[str]] = lambda: _NONE,
        note: Callable[[str, Collection[str]], None] = lambda _, __: None,
    ) -> None:
        self._note = note
        # An empty database of its own: it parses, and nothing can be reached from it.
        self._own = duckdb.connect(config={"enable_external_access": "false", "threads": 1})
        self._lock = threading.Lock()
        self._read_macros = read_macros

    def refusal(self, statement: str, role: Role) -> str | None:
        """Return why a role may not run a statement, None if it may."""
        if not role.may_read:
            return "a token of the role ingest sends logs, and asks nothing"
        if reason := _unreadable(statement):
            return reason
        try:
            kinds = self._kinds(statement)
        except duckdb.Error as error:
            return str(error).splitlines()[0]
        if not kinds:
            return "there is no statement"
        if role.may_write:
            refused = _refused_to_writers(statement, kinds)
            if refused is None:
                self._note(statement, kinds)
            return refused
        return self._refused_to_readers(statement, kinds)

    def close(self) -> None:
        """Close the database that parses."""
        self._own.close()

    def _kinds(self, statement: str) -> list[str]:
        with self._lock:
            try:
                found = self._own.extract_statements(statement)
                return [each.type.name for each in found]
            except ValueError:  # A kind that DuckDB's Python has no name for.
                return ["UNKNOWN"]

    def _refused_to_readers(self, statement: str, kinds: list[str]) -> str | None:
        if kinds == ["EXPLAIN"]:
            return self._refused_explained(statement)
        if kinds != ["SELECT"]:
            if re.search(r"\bpivot\b", statement, re.IGNORECASE):
                return _PIVOT
            found = kinds[0] if len(kinds) == 1 else f"{len(kinds)} statements"
            return f"a reader runs one SELECT statement, not {found}"
        with self._lock:
            [(text,)] = self._own.execute("SELECT json_serialize_sql(?)", [statement]).fetchall()
        tree = json.loads(text)
        if tree.get("error") or len(tree["statements"]) != 1:
            return "a reader runs one plain SELECT statement"
        return next(filter(None, map(self._refused_node, _nodes(tree))), None)

    def _refused_explained(self, statement: str) -> str | None:
        """Return why an EXPLAIN is refused: what it explains is checked as if it ran."""
        explained, count = _EXPLAIN.subn("", statement, count=1)
        try:
            kinds = self._kinds(explained) if count else []
        except duckdb.Error:
            kinds = []
        if kinds != ["SELECT"]:
            return "a reader explains one SELECT statement: EXPLAIN SELECT .."
        return self._refused_to_readers(explained, ["SELECT"])

    def _refused_node(self, node: dict[str, Any]) -> str | None:
        """Return why a node of a reader's tree is refused, None if it only reads."""
        kind = str(node.get("type"))
        if kind.endswith("_NODE") and kind not in _QUERIES:
            return f"a reader runs SELECT alone, not {kind.partition('_')[0]} inside of one"
        places = (str(node.get(part, "")).lower() for part in ("catalog_name", "schema_name"))
        if any(place.startswith(_CATALOGUE) for place in places):
            return "the catalogue of the lake is not for clients"
        name = str(node.get("function_name", "")).lower()
        if _ACTING.fullmatch(name):
            return f"a reader cannot call {name}"
        if kind == "TABLE_FUNCTION":
            called = str(node.get("function", {}).get("function_name", "")).lower()
            if called not in _TABLES and called not in self._read_macros():
                return f"a reader cannot call the table function {called}"
        return None


def _unreadable(statement: str) -> str | None:
    """Return why nobody's statement can look like this, None if it can."""
    if len(statement) > LONGEST:
        return f"a statement has at most {LONGEST:,} characters"
    if "\x00" in statement:  # DuckDB 1.5 parses what stands before it, and runs the rest as well.
        return "a statement has no NUL character"
    if _depth(statement) > _DEEPEST:
        return f"a statement has at most {_DEEPEST} parentheses inside each other"
    return None


def _refused_to_writers(statement: str, kinds: list[str]) -> str | None:
    for kind in kinds:
        if kind not in _WRITING:
            return f"{kind} is not run for clients: they change tables, not settings or files"
    if found := _ANYWHERE.search(statement):
        return f"{found[0]} is not for clients"
    if {"CREATE", "DROP", "EXPLAIN"} & set(kinds) and _is_about_a_secret(statement):
        return "secrets are not for clients: they say where the server sends its files"
    return None


def _is_about_a_secret(statement: str) -> bool:
    """Return whether a statement makes or drops a secret, whatever comments stand in it."""
    text, tokens = statement.encode(), duckdb.tokenize(statement)
    places = [at for at, kind in tokens if kind != duckdb.token_type.comment]
    found = (re.match(rb"\w+", text[at:]) for at in places)
    words = [word[0].decode().upper() if word else "" for word in found]
    kept = [word for word in words if word not in _BEFORE_SECRET]
    return any(one in {"CREATE", "DROP"} and two == "SECRET" for one, two in pairwise(kept))


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    """Yield every object of a tree."""
    waiting = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield found
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)


def _depth(statement: str) -> int:
    """Return about how many parentheses are open at once; those in texts count as well."""
    depth = deepest = 0
    for character in re.findall(r"[()\[\]{}]", statement):
        depth = depth + 1 if character in "([{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest
