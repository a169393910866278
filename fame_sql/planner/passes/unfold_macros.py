"""The pass that puts what the user's macros stand for in place of their calls."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from fame_sql.planner import verify
from fame_sql.planner.catalog import Macro
from fame_sql.planner.context import Context
from fame_sql.planner.passes.name_columns import give_name, given_name
from fame_sql.planner.scope import above
from fame_sql.planner.tree import DIALECT, NotPlannedError, text

_DEEP = 16
_SIMPLE = (exp.Column, exp.Literal, exp.Func, exp.Anonymous, exp.Boolean, exp.Null)


def unfold_macros(query: exp.Query, context: Context, depth: int = 0) -> exp.Query:
    """Put the definition of each of the user's macros in place of its call.

    Before: ``SELECT count(*) FROM logs WHERE hot(body)``

    After: ``SELECT count(*) FROM logs WHERE (fame_score(body) > 0.9)``

    Refused: a macro that sqlglot cannot write again exactly, or that reads a CTE of the statement
    """
    macros = context.catalog.macros
    found = [node for node in query.find_all(exp.Anonymous) if node.name.lower() in macros]
    if depth > _DEEP:
        raise NotPlannedError("its macros call each other")
    for node in found:
        _name_around(node, context)
    for node in found:
        macro = macros[node.name.lower()]
        in_place = _definition(node, macro, context)
        if macro.is_table:
            _read_table(node, in_place, query)
        else:
            node.replace(exp.Paren(this=in_place))
    if not found:
        return query
    context.trees = (verify.parse(context.catalog.connection, text(query)),) * 2
    return unfold_macros(query, context, depth + 1)


def _name_around(node: exp.Expr, context: Context) -> None:
    """Name the projection around a call as DuckDB does, where an outer query may read the name."""
    for part in (node, *above(node)):
        select = part.parent
        if isinstance(select, exp.Select) and part.arg_key == "expressions":
            if select.parent is not None:
                give_name(part, given_name(part, context))
            return


def _definition(node: exp.Anonymous, macro: Macro, context: Context) -> exp.Expr:
    """Return what a call stands for."""
    lead = "" if macro.is_table else "SELECT "
    try:
        parsed = sqlglot.parse_one(lead + macro.definition, dialect=DIALECT)
    except sqlglot.errors.SqlglotError:
        raise NotPlannedError(f"the macro {node.name} cannot be read") from None
    trees = (
        verify.parse(context.catalog.connection, q) for q in (lead + macro.definition, text(parsed))
    )
    found: exp.Expr = parsed if macro.is_table else parsed.expressions[0].unalias()
    given = _given(node, macro)
    is_query = not macro.is_table and found.find(exp.Query, exp.Lambda)
    if not verify.same(*trees) or is_query or given.keys() != set(macro.names):
        raise NotPlannedError(f"the planner cannot put the macro {node.name} in place of its call")

    def replaced(part: exp.Expr) -> exp.Expr:
        if not isinstance(part, exp.Column) or part.table or part.name.lower() not in given:
            return part
        value = given[part.name.lower()].copy()
        return value if isinstance(value, _SIMPLE) else exp.Paren(this=value)

    return found.transform(replaced)


def _given(node: exp.Anonymous, macro: Macro) -> dict[str, exp.Expr]:
    """Return the arguments of a call by the macro's names; those with a name follow the others."""
    named = [a for a in node.expressions if isinstance(a, exp.PropertyEQ | exp.Kwarg)]
    by_place = node.expressions[: len(node.expressions) - len(named)]
    if any(isinstance(a, exp.PropertyEQ | exp.Kwarg) for a in by_place):
        return {}
    given = dict(zip(macro.names, by_place, strict=False))
    by_name = {a.this.name.lower(): a.expression for a in named}
    is_once = len(by_place) + len(by_name) == len(node.expressions) and not given.keys() & by_name
    return {**given, **by_name} if is_once and len(by_place) == len(given) else {}


def _read_table(node: exp.Anonymous, definition: exp.Expr, query: exp.Query) -> None:
    """Put the query of a table macro in place of its call."""
    table = node.parent
    ctes = {cte.alias.lower() for cte in query.find_all(exp.CTE)}
    if not isinstance(table, exp.Table) or not isinstance(definition, exp.Query):
        raise NotPlannedError(f"the macro {node.name} is not read as a table")
    if any(inner.name.lower() in ctes for inner in definition.find_all(exp.Table)):
        raise NotPlannedError(f"the macro {node.name} reads what is also the name of a CTE")
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name))
    table.replace(exp.Subquery(this=definition, alias=alias.copy()))
