"""Views over live functions, put in place of their names; and what lies behind other names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from sqlglot import exp

from fame_sql.planner import faithful
from fame_sql.planner.calls import FIELDS
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.scope import names_cte
from fame_sql.planner.views import View

_PARTS_OF_A_NAME = {"this", "db", "catalog", "alias"}


def live_names(catalog: Catalog) -> frozenset[str]:
    """Return the live functions, and the views and macros that call one, maybe through others.

    Parameters
    ----------
    catalog : Catalog
        Its views and macros are searched.
    """
    waiting = [(place[2], definition) for place, definition in catalog.views()]
    waiting += catalog.macros.items()
    found, known = set(FIELDS), set(FIELDS)
    while found:
        found = {name for name, definition in waiting if mentions(definition, found)} - known
        known |= found
    return frozenset(known)


def mentions(written: str, names: Collection[str]) -> bool:
    """Tell whether one of these names stands in SQL, as a word."""
    pattern = "|".join(re.escape(name) for name in names)
    return re.search(rf"(?<!\w)(?:{pattern})(?!\w)", written, re.IGNORECASE) is not None


def unsteady(catalog: Catalog, trees: list[faithful.Tree]) -> str:
    """Return what may differ each time in a query or in the views that it reads, or nothing.

    Parameters
    ----------
    catalog : Catalog
        Where views are looked up.
    trees : list of Tree
        The query as DuckDB parses it, as it was written and as sqlglot writes it.
    """
    for tree in [*trees, *_trees_behind(catalog, trees)]:
        if volatile := sorted(faithful.function_names(tree) & catalog.volatile):
            return f"{volatile[0]}() may differ each time, or hide what does"
        if faithful.takes_a_sample(tree):
            return "it takes a sample"
    return ""


def _trees_behind(catalog: Catalog, trees: list[faithful.Tree]) -> Iterator[faithful.Tree]:
    """Yield the queries of all views that a query may read, by their names alone."""
    waiting: set[str] = set().union(*(faithful.table_names(tree) for tree in trees))
    seen: set[str] = set()
    while waiting:
        views = [catalog.view(place) for place, _ in catalog.views() if place[2] in waiting]
        behind = [faithful.parse(catalog.connection, view.written) for view in views if view]
        yield from behind
        seen |= waiting
        waiting = set().union(*(faithful.table_names(tree) for tree in behind)) - seen


def unfold(catalog: Catalog, query: exp.Query, live: Collection[str]) -> str:
    """Put the queries of views that call live functions in place of their names.

    Parameters
    ----------
    catalog : Catalog
        Where views are looked up.
    query : sqlglot.exp.Query
        Changed in place.
    live : collection of str
        What calls a live function.

    Returns
    -------
    str
        Why a view cannot be put there; empty if all were.
    """
    for table in list(query.find_all(exp.Table)):
        if table.name.lower() not in live or names_cte(table) or not catalog.has_view(table):
            continue
        view = catalog.view(catalog.place(table))
        if view is None:
            return f"the view {table.name} is written in a way that the planner cannot read"
        if reason := _obstacle(catalog, table, view):
            return reason
        inner = view.query.copy()
        if reason := unfold(catalog, inner, live):
            return reason
        table.replace(exp.Subquery(this=inner, alias=_alias(table, view)))
    return ""


def _obstacle(catalog: Catalog, table: exp.Table, view: View) -> str:
    """Return why a view cannot stand in place of its name, or nothing."""
    around = {cte.alias.lower() for cte in table.root().find_all(exp.CTE)}
    if hidden := sorted(view.loose & around):
        return f"the view {view.name} reads {hidden[0]}, which is also the name of a CTE"
    if any(value for part, value in table.args.items() if part not in _PARTS_OF_A_NAME):
        return f"the view {view.name} is read with more than a name"
    trees = [faithful.parse(catalog.connection, query) for query in (view.written, view.again)]
    if not faithful.same(*trees):
        return f"the view {view.name} uses syntax that the planner cannot reproduce exactly"
    put = exp.Subquery(this=view.query.copy(), alias=_alias(table, view))
    if _columns(catalog, table) != _columns(catalog, put):
        return f"the view {view.name} has other columns when it is read in place"
    return ""


def _alias(table: exp.Table, view: View) -> exp.TableAlias:
    """Return the names that a view has where it is read."""
    given = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
    alias: exp.TableAlias = given.copy()
    columns = alias.args.get("columns") or []
    own = [exp.to_identifier(name, quoted=True) for name in view.columns[len(columns) :]]
    alias.set("columns", [*columns, *own])
    return alias


def _columns(catalog: Catalog, source: exp.Expr) -> list[str] | None:
    return catalog.columns(exp.Select(expressions=[exp.Star()]).from_(source.copy()))
