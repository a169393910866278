"""Which CTE a name means, by sqlglot's scopes; and queries that can stand alone."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.helper import find_new_name
from sqlglot.optimizer.scope import Scope, traverse_scope

from fame_sql.planner.errors import NotPlannedError


def selects(query: exp.Expr) -> list[exp.Select]:
    """Return every SELECT after those inside it and the CTEs before it."""
    found = [s.expression for s in _scopes(query) if isinstance(s.expression, exp.Select)]
    known = set(map(id, found))
    return found + [s for s in query.find_all(exp.Select) if id(s) not in known]


def cte_names(query: exp.Expr) -> list[tuple[exp.Table, exp.CTE]]:
    """Return the tables of a query that are names of its CTEs, each with its CTE.

    Raises
    ------
    NotPlannedError
        If sqlglot's scopes do not cover all its tables and CTEs.
    """
    _fold_names(query)
    found, tables, ctes = [], set(), set()
    for scope in _scopes(query):
        tables |= set(map(id, scope.tables))
        ctes |= set(map(id, scope.ctes))
        for table in scope.tables:
            meant = None if table.db else scope.cte_sources.get(table.name)
            if isinstance(meant, Scope):
                found.append((table, _cte_of(meant)))
    if any(id(node) not in tables | ctes for node in query.find_all(exp.Table, exp.CTE)):
        raise NotPlannedError("it is not certain which of its tables are CTEs")
    return found


def rename_ctes(query: exp.Query, _context: object = None) -> exp.Query:
    """Give each CTE a name that nothing else in the query has, so that a name means one thing.

    Before: ``WITH l AS (FROM logs) SELECT * FROM (WITH l AS (FROM l) FROM l)``

    After: ``WITH __fame_cte AS (FROM logs) SELECT * FROM (WITH __fame_cte_2 AS
    (FROM __fame_cte AS l) FROM __fame_cte_2 AS l)``

    Raises
    ------
    NotPlannedError
        If it is not certain which CTE a name means.
    """
    named = cte_names(query)
    taken = {node.name.lower() for node in query.find_all(exp.Identifier)}
    for cte in list(query.find_all(exp.CTE)):
        name = find_new_name(taken, "__fame_cte")
        taken.add(name)
        cte.args["alias"].set("this", exp.to_identifier(name))
        for table in (table for table, meant in named if meant is cte):
            if not table.args.get("alias"):
                table.set("alias", exp.TableAlias())
            if not table.args["alias"].args.get("this"):
                table.args["alias"].set("this", table.this.copy())
            table.set("this", exp.to_identifier(name))
    return query


def ctes(tree: exp.Expr) -> dict[str, exp.CTE]:
    """Return the CTEs of the statement that a tree is part of, after :func:`rename_ctes`."""
    return {cte.alias: cte for cte in tree.root().find_all(exp.CTE)}


def cte_named(table: exp.Table) -> exp.CTE | None:
    """Return the CTE that a table names, after :func:`rename_ctes`; None for any other table."""
    return None if table.db else ctes(table).get(table.name)


def standalone(query: exp.Select, part: exp.Expr) -> exp.Select:
    """Return a query with the CTEs that it needs, so that it can be run by itself.

    Before: ``SELECT m FROM __fame_cte AS e``

    After: ``WITH __fame_cte AS (SELECT body AS m FROM logs) SELECT m FROM __fame_cte AS e``

    Parameters
    ----------
    query : sqlglot.exp.Select
        Changed in place.
    part : sqlglot.exp.Expr
        Part of the statement, whose CTEs the query may name.
    """
    known = ctes(part)
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


def _scopes(query: exp.Expr) -> list[Scope]:
    try:
        return traverse_scope(query)
    except OptimizeError:
        raise NotPlannedError("it is not certain which of its tables are CTEs") from None


def _cte_of(scope: Scope) -> exp.CTE:
    found = scope.expression.find_ancestor(exp.CTE)
    assert found is not None
    return found


def _fold_names(query: exp.Expr) -> None:
    """Write names of CTEs in lower case: DuckDB takes them in any case, sqlglot as they are."""
    aliases = [cte.args["alias"] for cte in query.find_all(exp.CTE)]
    lower = {alias.name.lower() for alias in aliases}
    for node in (*aliases, *query.find_all(exp.Table)):
        if isinstance(node.this, exp.Identifier) and node.name.lower() in lower:
            node.this.set("this", node.name.lower())
