"""Whether sqlglot has understood a statement: DuckDB's own parser is asked.

A statement that sqlglot has read and written again is used only if DuckDB parses both texts to
the same tree, but for what is known to mean the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import duckdb

Tree: TypeAlias = "dict[str, Any] | list[Any] | str | int | float | bool | None"

_POSITION = {"query_location", "query_location_length", "syntax_type"}
_NEGATED = {"OPERATOR_IS_NULL": "OPERATOR_IS_NOT_NULL", "COMPARE_IN": "COMPARE_NOT_IN"}
_SAME_FUNCTION = {"listagg": "string_agg", "group_concat": "string_agg", "len": "length"}
_SAME_TYPE = {
    "TEXT": "VARCHAR",
    "STRING": "VARCHAR",
    "CHAR": "VARCHAR",
    "BPCHAR": "VARCHAR",
    "INT": "INTEGER",
    "INT4": "INTEGER",
    "SIGNED": "INTEGER",
    "INT8": "BIGINT",
    "LONG": "BIGINT",
    "INT2": "SMALLINT",
    "SHORT": "SMALLINT",
    "INT1": "TINYINT",
    "FLOAT4": "FLOAT",
    "REAL": "FLOAT",
    "FLOAT8": "DOUBLE",
    "BOOL": "BOOLEAN",
    "LOGICAL": "BOOLEAN",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
}
# Functions whose first argument names a part of a time, in any case of letters.
_WITH_PART = {"date_trunc", "datetrunc", "date_diff", "datediff", "date_part", "datepart"}
_WITH_PART |= {"date_sub", "datesub"}
_UNIT = re.compile(r"\s*(-?[0-9]+)\s*([a-z]+?)s?\s*", re.IGNORECASE)


def parse(connection: duckdb.DuckDBPyConnection, statement: str) -> Tree:
    """Return DuckDB's tree of one SELECT statement, None where it has none."""
    cursor = connection.cursor()
    rows = cursor.execute("SELECT json_serialize_sql(?)", [statement]).fetchall()
    cursor.close()
    tree = json.loads(rows[0][0])
    if tree.get("error") or len(tree.get("statements", ())) != 1:
        return None
    return tree["statements"][0]  # type: ignore[no-any-return]


def same(first: Tree, second: Tree) -> bool:
    """Tell whether two trees are those of statements that mean the same."""
    return first is not None and _normal(first) == _normal(second)


def function_names(tree: Tree) -> set[str]:
    """Return the names of the functions that a tree calls, in lower case."""
    return {str(node["function_name"]).lower() for node in _nodes(tree) if "function_name" in node}


def _nodes(tree: Tree) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    for child in children:
        yield from _nodes(child)


def _normal(tree: Tree) -> Tree:
    if isinstance(tree, list):
        return [_normal(child) for child in tree]
    if not isinstance(tree, dict):
        return tree
    node = {key: _normal(child) for key, child in tree.items() if key not in _POSITION}
    if node.get("null_order") == "NULLS LAST":
        node["null_order"] = "ORDER_DEFAULT"
    if isinstance(name := node.get("function_name"), str):
        return _normal_function(node, name)
    if isinstance(name := node.get("type_name"), str):
        node["type_name"] = _SAME_TYPE.get(name.upper(), name.upper())
        node.pop("qualified_name", None)
    if node.get("type") == "OPERATOR_NOT":
        return _normal_negation(node)
    if node.get("type") == "OPERATOR_CAST":
        return _normal_interval(node)
    return node


def _normal_function(node: dict[str, Any], name: str) -> Tree:
    node["function_name"] = _SAME_FUNCTION.get(name, name)
    node.pop("qualified_name", None)
    arguments = _arguments(node)
    if name in _WITH_PART and arguments:
        arguments[0] = _lower(arguments[0])
    if name == "if" and len(arguments) == 3:
        checks = [{"when_expr": arguments[0], "then_expr": arguments[1]}]
        return {
            "class": "CASE",
            "type": "CASE_EXPR",
            "alias": node.get("alias", ""),
            "case_checks": checks,
            "else_expr": arguments[2],
        }
    if name.startswith("to_") and len(arguments) == 1 and (text := _constant(arguments[0])):
        return {"interval": text, "unit": name[3:].rstrip("s")}
    if arguments:
        node.pop("children", None)
        node["arguments"] = arguments
    return node


def _arguments(node: dict[str, Any]) -> list[Any]:
    """Return a function's arguments: 2.0 keeps each with its name, 1.5 alone."""
    found = node.get("arguments") or node.get("children") or []
    return [a["expression"] if isinstance(a, dict) and "expression" in a else a for a in found]


def _normal_negation(node: dict[str, Any]) -> Tree:
    children = node.get("children") or []
    if len(children) == 1 and isinstance(children[0], dict):
        opposite = _NEGATED.get(children[0].get("type", ""))
        if opposite:
            return {**children[0], "type": opposite, "alias": node.get("alias", "")}
    return node


def _normal_interval(node: dict[str, Any]) -> Tree:
    if "INTERVAL" in json.dumps([node.get("type_expr"), node.get("cast_type")]):
        found = _UNIT.fullmatch(_constant(node.get("child")) or "")
        if found:
            return {"interval": found[1], "unit": found[2].lower()}
    return node


def _constant(node: Any) -> str | None:
    """Return a constant as text, looking through casts and what an INTERVAL adds."""
    while isinstance(node, dict):
        if node.get("type") == "OPERATOR_CAST":
            node = node.get("child")
        elif node.get("function_name") == "trunc":
            node = next(iter(_arguments(node)), None)
        else:
            break
    if not isinstance(node, dict) or node.get("type") != "VALUE_CONSTANT":
        return None
    value = node.get("literal") or node.get("value") or {}
    text = value.get("text", value.get("value"))
    return None if text is None else str(text)


def _lower(node: Any) -> Any:
    text = _constant(node)
    return node if text is None else {"constant": text.lower()}
