"""Who reads what in a statement: its CTEs by sqlglot's scopes, and the readers of a query."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.helper import find_new_name
from sqlglot.optimizer.scope import Scope, traverse_scope

from fame_sql.planner.tree import NotPlannedError, sources

_CTE = "__fame_cte"


def selects(query: exp.Expr) -> list[exp.Select]:
    """Return every SELECT after those inside it and the CTEs before it."""
    found = [s.expression for s in _scopes(query) if isinstance(s.expression, exp.Select)]
    known = set(map(id, found))
    return found + [s for s in query.find_all(exp.Select) if id(s) not in known]


def cte_names(query: exp.Expr) -> list[tuple[exp.Table, exp.CTE | None]]:
    """Return the tables of a query, each with its CTE if it is the name of one.

    Refused: a query of which sqlglot's scopes do not cover all tables and CTEs
    """
    aliases = [cte.args["alias"] for cte in query.find_all(exp.CTE)]
    if not aliases:
        return [(table, None) for table in query.find_all(exp.Table)]
    lower = {alias.name.lower() for alias in aliases}
    for node in (*aliases, *query.find_all(exp.Table)):
        # DuckDB takes a name in any case of letters, sqlglot as it is written.
        if isinstance(node.this, exp.Identifier) and node.name.lower() in lower:
            node.this.set("this", node.name.lower())
    scopes = _scopes(query)
    found = [(table, _cte_of(table, scope)) for scope in scopes for table in scope.tables]
    covered = {id(node) for scope in scopes for node in (*scope.tables, *scope.ctes)}
    if any(id(node) not in covered for node in query.find_all(exp.Table, exp.CTE)):
        raise NotPlannedError("it is not certain which of its tables are CTEs")
    return found


def rename_ctes(query: exp.Query, _context: object = None) -> exp.Query:
    """Give each CTE a name that nothing else in the query has, so that a name means one thing.

    Before: ``WITH l AS (FROM logs) SELECT * FROM (WITH l AS (FROM l) FROM l)``

    After: ``WITH __fame_cte AS (FROM logs) SELECT * FROM (WITH __fame_cte_2 AS
    (FROM __fame_cte AS l) FROM __fame_cte_2 AS l)``

    Refused: a query whose CTEs sqlglot does not find
    """
    ctes, named = list(query.find_all(exp.CTE)), cte_names(query)
    taken = {node.name.lower() for node in query.find_all(exp.Identifier)}
    for cte in ctes:
        name = find_new_name(taken, _CTE)
        taken.add(name)
        cte.args["alias"].set("this", exp.to_identifier(name))
        for table in (table for table, meant in named if meant is cte):
            alias = table.args.get("alias") or exp.TableAlias()
            alias.set("this", alias.this or table.this.copy())
            table.set("alias", alias)
            table.set("this", exp.to_identifier(name))
    return query


def cte_named(table: exp.Table) -> exp.CTE | None:
    """Return the CTE that a table names, after :func:`rename_ctes`; None for any other table."""
    if table.db or not table.name.startswith(_CTE):
        return None
    return next((cte for cte in table.root().find_all(exp.CTE) if cte.alias == table.name), None)


def standalone(query: exp.Select, part: exp.Expr) -> exp.Select:
    """Return a query with the CTEs that it needs, so that it can be run by itself.

    It is changed in place, and may name CTEs of the statement that ``part`` is a part of.
    """
    known = {cte.alias: cte for cte in part.root().find_all(exp.CTE)}
    needed: list[exp.CTE] = []

    def visit(tree: exp.Expr) -> None:
        for own in tree.find_all(exp.CTE):
            known.pop(own.alias, None)
        for table in tree.find_all(exp.Table):
            if not table.db and (cte := known.pop(table.name, None)) is not None:
                visit(cte)
                needed.append(cte)

    visit(query)
    if needed:
        recursive = any(cte.parent and cte.parent.args.get("recursive") for cte in needed)
        copies = [cte.copy() for cte in needed]
        query.set("with_", exp.With(expressions=copies, recursive=recursive))
    return query


def above(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield what stands around a node, from the inside."""
    while node.parent is not None:
        yield (node := node.parent)


def climb(query: exp.Query) -> Iterator[tuple[exp.Query, exp.Select, exp.Expr]]:
    """Yield the queries that read the rows of a query one after the other, from the inside.

    Each comes as the query that is read, which is the outermost set operation of the one before;
    the only SELECT that reads it; and the subquery, or name of a CTE, by which it does. It ends
    where no row is dropped any more: at the top, and where a condition needs them all.

    Refused: a query of which it is not certain who reads it
    """
    while True:
        while isinstance(parent := _in_parentheses(query).parent, exp.SetOperation):
            query = parent
        if isinstance(parent, exp.Exists):
            raise NotPlannedError("inside EXISTS, which stops at the first row")
        if not isinstance(parent, exp.CTE | exp.Subquery):
            return
        named = _readings(parent) if isinstance(parent, exp.CTE) else [parent]
        if len(named) != 1:
            raise NotPlannedError("its CTE is not read exactly once")
        given = [node.args.get("alias") for node in (parent, *named)]
        if any(isinstance(alias, exp.TableAlias) and alias.args.get("columns") for alias in given):
            raise NotPlannedError("its columns are named again")
        select = named[0].find_ancestor(exp.Select)
        if select is None or not any(source is named[0] for source in sources(select)):
            raise NotPlannedError("it is not certain who reads it")
        yield query, select, named[0]
        query = select


def readers(select: exp.Select) -> Iterator[exp.Query]:
    """Yield a SELECT and every query that may see its rows."""
    waiting: list[exp.Expr] = [select]
    seen: set[int] = set()
    while waiting:
        node: exp.Expr | None = waiting.pop()
        while node is not None and id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, exp.Query):
                yield node
            if isinstance(node, exp.CTE):
                waiting += _readings(node)
            node = node.parent


def _readings(cte: exp.CTE) -> list[exp.Table]:
    tables = cte.root().find_all(exp.Table)
    return [table for table in tables if table.name == cte.alias and not table.db]


def _in_parentheses(query: exp.Expr) -> exp.Expr:
    """Return what stands for a query in its parent: itself, or parentheses around it."""
    around = query.parent
    if isinstance(around, exp.Subquery) and not isinstance(around.parent, exp.From | exp.Join):
        return _in_parentheses(around)
    return query


def _scopes(query: exp.Expr) -> list[Scope]:
    try:
        return traverse_scope(query)
    except OptimizeError:
        raise NotPlannedError("it is not certain which of its tables are CTEs") from None


def _cte_of(table: exp.Table, scope: Scope) -> exp.CTE | None:
    meant = None if table.db else scope.cte_sources.get(table.name)
    return meant.expression.find_ancestor(exp.CTE) if isinstance(meant, Scope) else None
