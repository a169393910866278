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
_UNIT = re.compile(r"\s*(-?[0-9]+)\s*([a-z]+?)s?\s*", re.IGNORECASE)


@cache
def _function_aliases() -> dict[str, str]:
    """Return the other names of DuckDB's own functions, each with the name that it stands for."""
    with duckdb.connect() as own:
        return _SAME_FUNCTION | dict(own.execute(sql.load("planner/function_aliases")).fetchall())


@cache
def _type_aliases() -> dict[str, str]:
    """Return DuckDB's names of types, each with the name of the type itself."""
    with duckdb.connect() as own:
        return dict(own.execute(sql.load("planner/type_aliases")).fetchall())


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


def difference(first: Tree, second: Tree) -> str:
    """Return what two trees differ in first, as people call it; empty if it has no name.

    Parameters
    ----------
    first, second : Tree
        The statement as it was written, and as sqlglot writes it.
    """
    return _difference(_normal(first), _normal(second))


def _difference(first: Tree, second: Tree) -> str:
    if isinstance(first, list) and isinstance(second, list):
        pairs = list(zip(first, second, strict=False))
    elif isinstance(first, dict) and isinstance(second, dict):
        pairs = [(first[key], second[key]) for key in first if key in second]
    else:
        return ""
    deeper = (_difference(one, other) for one, other in pairs if one != other)
    found = next((name for name in deeper if name), "")
    return found or (_called(first) if isinstance(first, dict) else "")


def _called(node: dict[str, Any]) -> str:
    if isinstance(name := node.get("function_name"), str):
        return f"{name}()"
    return ""


def function_names(tree: Tree) -> set[str]:
    """Return the names of the functions that a tree calls, in lower case."""
    return {str(node["function_name"]).lower() for node in _nodes(tree) if "function_name" in node}


def table_names(tree: Tree) -> set[str]:
    """Return the names of the tables and views that a tree reads, in lower case."""
    return {str(node["table_name"]).lower() for node in _nodes(tree) if "table_name" in node}


def takes_a_sample(tree: Tree) -> bool:
    """Tell whether a tree reads a sample of anything."""
    return any(node.get("sample") for node in _nodes(tree))


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
    if node.get("type") == "VALUE_CONSTANT":
        return _normal_number(node)
    if node.get("type") == "COLUMN_REF":
        return _normal_value(node)
    if isinstance(name := node.get("type_name"), str):
        node["type_name"] = _type_aliases().get(name.lower(), name.upper())
        node.pop("qualified_name", None)
    if node.get("type") == "OPERATOR_NOT":
        return _normal_negation(node)
    if node.get("type") == "OPERATOR_CAST":
        return _normal_interval(node)
    return node


def _normal_function(node: dict[str, Any], name: str) -> Tree:
    name = _function_aliases().get(name, name)
    node["function_name"] = name
    node.pop("qualified_name", None)
    node.pop("is_operator", None)
    if name in _KEYWORDS and node.get("schema") == "main":
        node["schema"] = ""
    arguments = _arguments(node)
    if name in _WITH_PART and arguments:
        arguments[0] = _lower(arguments[0])
    written = _written_otherwise(node, name, arguments)
    if written is not None:
        return written
    if arguments:
        node.pop("children", None)
        node["arguments"] = _normal_arguments(name, arguments)
    return node


def _written_otherwise(node: dict[str, Any], name: str, arguments: list[Any]) -> Tree:
    """Return what a function is the same as that is no function, None if it is none."""
    alias = node.get("alias", "")
    if name == "if" and len(arguments) == 3:
        checks = [{"when_expr": arguments[0], "then_expr": arguments[1]}]
        kind = {"class": "CASE", "type": "CASE_EXPR", "alias": alias}
        return {**kind, "case_checks": checks, "else_expr": arguments[2]}
    if name == "json_extract" and len(arguments) == 2:
        kind = {"class": "LAMBDA", "type": "LAMBDA", "alias": alias}
        return {**kind, "lhs": arguments[0], "expr": arguments[1]}
    if name in _CALLED_VALUES and not arguments:
        kind = {"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": alias}
        return {**kind, "column_names": [_CALLED_VALUES[name]]}
    if name.startswith("to_") and len(arguments) == 1 and (text := _constant(arguments[0])):
        return {"interval": text, "unit": name[3:].rstrip("s")}
    return None


def _normal_arguments(name: str, arguments: list[Any]) -> list[Any]:
    """Return the arguments of a function without what it adds itself."""
    if name == "range" and len(arguments) == 2 and _constant(arguments[0]) == "0":
        return arguments[1:]
    if name == "string_agg" and len(arguments) == 2 and _constant(arguments[1]) == ",":
        return arguments[:1]
    if name in ("bool_or", "bool_and"):
        return [_without_cast(argument) for argument in arguments]
    return arguments


def _without_cast(node: Any) -> Any:
    if isinstance(node, dict) and node.get("type") == "OPERATOR_CAST":
        kind = json.dumps([node.get("type_expr"), node.get("cast_type")])
        if '"BOOLEAN"' in kind and not node.get("try_cast"):
            return node.get("child")
    return node


def _normal_number(node: dict[str, Any]) -> Tree:
    """Return a constant with .5 as 0.5: 2.0 keeps its text, 1.5 counts its digits."""
    literal, value = node.get("literal"), node.get("value")
    if isinstance(literal, dict) and str(literal.get("text")).startswith("."):
        node["literal"] = {**literal, "text": f"0{literal['text']}"}
    kind = value.get("type") if isinstance(value, dict) else None
    if isinstance(kind, dict) and isinstance(kind.get("type_info"), dict):
        kind["type_info"].pop("width", None)
    return node


def _normal_value(node: dict[str, Any]) -> Tree:
    names = node.get("column_names")
    if isinstance(names, list) and len(names) == 1 and str(names[0]).lower() in VALUES:
        node["column_names"] = [str(names[0]).lower()]
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
