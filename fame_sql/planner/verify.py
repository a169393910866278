"""Whether sqlglot has understood a statement: DuckDB's own parser is asked.

A statement that sqlglot has read and written again is used only if DuckDB parses both texts to
the same tree, but for what is known to mean the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeAlias

import duckdb

from fame_sql import sql

Tree: TypeAlias = "dict[str, Any] | list[Any] | str | int | float | bool | None"

_POSITION = {"query_location", "query_location_length", "syntax_type"}
_NEGATED = {"OPERATOR_IS_NULL": "OPERATOR_IS_NOT_NULL", "COMPARE_IN": "COMPARE_NOT_IN"}
VALUES = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
"""Functions called without parentheses, in any case of letters; a column may have their name."""

# Names of one function, beside those that DuckDB itself lists as aliases.
_SAME_FUNCTION = {"datediff": "date_diff", "json_extract_string": "->>"}
_CALLED_VALUES = {"today": "current_date", "current_localtimestamp": "localtimestamp"}
# Functions whose first argument names a part of a time, in any case of letters.
_WITH_PART = {"date_trunc", "datetrunc", "date_diff", "datediff", "date_part", "datepart"}
_WITH_PART |= {"date_sub", "datesub"}
# Functions with a syntax of their own, which 1.5 looks for in the schema main.
_KEYWORDS = {"substring", "instr"}
_KEY = re.compile(r"(?:\$\.)?([A-Za-z_]\w*)")
_UNIT = re.compile(r"\s*(-?[0-9]+)\s*([a-z]+?)s?\s*", re.IGNORECASE)


@cache
def _aliases(kind: str) -> dict[str, str]:
    """Return other names of DuckDB's own functions or types, each with what it stands for."""
    with duckdb.connect() as own:
        return dict(own.execute(sql.load(f"planner/{kind}_aliases")).fetchall())


def parse(connection: duckdb.DuckDBPyConnection, statement: str) -> Tree:
    """Return DuckDB's tree of one SELECT statement, or None if it is no such statement."""
    [(found,)] = connection.execute("SELECT json_serialize_sql(?)", [statement]).fetchall()
    tree = json.loads(found)
    if tree.get("error") or len(tree.get("statements", ())) != 1:
        return None
    return tree["statements"][0]  # type: ignore[no-any-return]


def same(first: Tree, second: Tree) -> bool:
    """Return whether two trees are those of statements that mean the same."""
    return first is not None and _normal(first) == _normal(second)


def difference(first: Tree, second: Tree) -> str:
    """Return a function of the first tree that the second has not, or ``syntax`` if none is."""
    known = list(_nodes(_normal(second)))
    calls = [node for node in _nodes(_normal(first)) if "function_name" in node]
    names = [node["function_name"] for node in calls if node not in known]
    return f"{names[-1]}()" if names else "syntax"


def names(tree: Tree, kind: str) -> set[str]:
    """Return each ``function_name`` or ``table_name`` of a tree, in lower case."""
    return {str(node[kind]).lower() for node in _nodes(tree) if kind in node}


def takes_a_sample(tree: Tree) -> bool:
    """Return whether a tree reads a sample of anything."""
    return any(node.get("sample") for node in _nodes(tree))


def _nodes(tree: Tree) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    for child in children:
        yield from _nodes(child)


def _normal(tree: Tree) -> Tree:
    """Return a tree in which everything is written in one of its ways."""
    if isinstance(tree, list):
        return [_normal(child) for child in tree]
    if not isinstance(tree, dict):
        return tree
    node: dict[str, Any] = {k: _normal(v) for k, v in tree.items() if k not in _POSITION}
    if node.get("null_order") == "NULLS LAST":
        node["null_order"] = "ORDER_DEFAULT"
    if isinstance(name := node.get("type_name"), str):
        node["type_name"] = _aliases("type").get(name.lower(), name.upper())
        node.pop("qualified_name", None)
    if isinstance(name := node.get("function_name"), str):
        return _normal_function(node, name)
    match node.get("type"):
        case "VALUE_CONSTANT":
            return _normal_number(node)
        case "COLUMN_REF" if len(names := node["column_names"]) == 1:
            name = str(names[0]).lower()
            return {**node, "column_names": [name]} if name in VALUES else node
        case "LAMBDA" if "expr" in node:
            node["expr"] = _normal_path(node["expr"])
        case "OPERATOR_NOT":
            [child] = node["children"]
            if opposite := _NEGATED.get(child.get("type", "")):
                return {**child, "type": opposite, "alias": node.get("alias", "")}
        case "OPERATOR_CAST" if _casts_to("INTERVAL", node):
            if found := _UNIT.fullmatch(_constant(node["child"]) or ""):
                amount = {"interval": found[1], "unit": found[2].lower()}
                return {**amount, "alias": node.get("alias", "")}
    return node


def _normal_function(node: dict[str, Any], name: str) -> Tree:
    name = node["function_name"] = _SAME_FUNCTION.get(name) or _aliases("function").get(name, name)
    for written in ("qualified_name", "is_operator"):
        node.pop(written, None)
    if name in _KEYWORDS and node.get("schema") == "main":
        node["schema"] = ""
    arguments = _arguments(node)
    if name in _WITH_PART and arguments and (part := _constant(arguments[0])):
        arguments[0] = {"constant": part.lower()}
    if other := _written_otherwise(name, arguments):
        return {**other, "alias": node.get("alias", "")}
    if arguments:
        node.pop("children", None)
        node["arguments"] = _normal_arguments(name, arguments)
    return node


def _written_otherwise(name: str, arguments: list[Any]) -> dict[str, Any] | None:
    """Return what is the same as a function and is none, or None."""
    match name, arguments:
        case "if", [test, value, other]:
            checks = [{"when_expr": test, "then_expr": value}]
            return {"class": "CASE", "type": "CASE_EXPR", "case_checks": checks, "else_expr": other}
        case "json_extract", [value, path]:
            path = _normal_path(path)
            return {"class": "LAMBDA", "type": "LAMBDA", "lhs": value, "expr": path}
        case (("today" | "current_localtimestamp"), []):
            names = [_CALLED_VALUES[name]]
            return {"class": "COLUMN_REF", "type": "COLUMN_REF", "column_names": names}
        case _, [value] if name.startswith("to_") and (amount := _constant(value)):
            return {"interval": amount, "unit": name[3:].rstrip("s")}
    return None


def _normal_arguments(name: str, arguments: list[Any]) -> list[Any]:
    """Return the arguments of a function without what it adds itself."""
    match name, arguments:
        case "->>", [value, path]:
            return [value, _normal_path(path)]
        case "range", [zero, last] if _constant(zero) == "0":
            return [last]
        case "string_agg", [value, separator] if _constant(separator) == ",":
            return [value]
        case (("bool_or" | "bool_and"), [{"type": "OPERATOR_CAST", "child": child} as cast]):
            return arguments if cast.get("try_cast") or not _casts_to("BOOLEAN", cast) else [child]
    return arguments


def _normal_path(path: Any) -> Any:
    """Return a path in JSON: a plain word is the key that ``$.word`` is."""
    found = _constant(path)
    if found is not None and (key := _KEY.fullmatch(found)):
        return {"key": key[1]}
    return path


def _casts_to(kind: str, node: dict[str, Any]) -> bool:
    return f"'{kind}'" in str([node.get("type_expr"), node.get("cast_type")])


def _normal_number(node: dict[str, Any]) -> Tree:
    """Return a constant with .5 as 0.5: 2.0 keeps its text, 1.5 counts its digits."""
    literal, value = node.get("literal"), node.get("value")
    if isinstance(literal, dict) and str(literal.get("text")).startswith("."):
        node["literal"] = {**literal, "text": f"0{literal['text']}"}
    info = value["type"].get("type_info") if isinstance(value, dict) else None
    if isinstance(info, dict):
        info.pop("width", None)
    return node


def _arguments(node: dict[str, Any]) -> list[Any]:
    """Return a function's arguments: 2.0 keeps each with its name, 1.5 alone."""
    found = node.get("arguments") or node.get("children") or []
    return [a["expression"] if isinstance(a, dict) and "expression" in a else a for a in found]


def _constant(node: Any) -> str | None:
    """Return a constant as text, looking through casts and what an INTERVAL adds."""
    match node:
        case {"type": "OPERATOR_CAST", "child": child}:
            return _constant(child)
        case {"function_name": "trunc"}:
            return _constant(next(iter(_arguments(node)), None))
        case {"type": "VALUE_CONSTANT"}:
            value = node.get("literal") or node.get("value") or {}
            text = value.get("text", value.get("value"))
            return None if text is None else str(text)
    return None
