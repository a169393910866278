"""The pass that puts the queries of views in place of their names."""

from __future__ import annotations

from sqlglot import exp

from fame_sql.planner import verify
from fame_sql.planner.catalog import Catalog, View
from fame_sql.planner.context import Context
from fame_sql.planner.scope import cte_names
from fame_sql.planner.tree import NotPlannedError, every

_PARTS_OF_A_NAME = {"this", "db", "catalog", "alias"}


def unfold_views(query: exp.Query, context: Context) -> exp.Query:
    """Put the query of each view that calls a live function in place of its name.

    Before: ``SELECT max(s) FROM hot``

    After: ``SELECT max(s) FROM (SELECT fame_score(body) AS s FROM fame.logs) AS hot``

    Refused: a view that sqlglot cannot write again exactly, or that would mean something else here
    """
    catalog, live = context.catalog, context.live
    for table, cte in cte_names(query):
        place = catalog.place(table)
        if table.name.lower() not in live or cte is not None or place not in catalog.views:
            continue
        view = catalog.view(place)
        if view is None:
            raise NotPlannedError(
                f"the view {table.name} is written in a way that the planner cannot read"
            )
        _check(catalog, table, view)
        inner = _in_place(table, view)
        table.replace(inner)
        unfold_views(inner.this, context)
    return query


def _check(catalog: Catalog, table: exp.Table, view: View) -> None:
    """Refuse a view that cannot stand in place of its name."""
    around = {cte.alias.lower() for cte in table.root().find_all(exp.CTE)}
    if hidden := sorted(view.loose & around):
        reason = f"reads {hidden[0]}, which is also the name of a CTE"
    elif any(value for part, value in table.args.items() if part not in _PARTS_OF_A_NAME):
        reason = "is read with more than a name"
    elif not verify.same(*(verify.parse(catalog.connection, q) for q in view.texts)):
        reason = "uses syntax that the planner cannot reproduce exactly"
    elif catalog.columns(every(table)) != catalog.columns(every(_in_place(table, view))):
        reason = "has other columns when it is read in place"
    else:
        return
    raise NotPlannedError(f"the view {table.name.lower()} {reason}")


def _in_place(table: exp.Table, view: View) -> exp.Subquery:
    """Return the query of a view, under the names that the view has where it is read."""
    given = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
    alias: exp.TableAlias = given.copy()
    columns = alias.args.get("columns") or []
    own = [exp.to_identifier(name, quoted=True) for name in view.columns[len(columns) :]]
    alias.set("columns", [*columns, *own])
    return exp.Subquery(this=view.query.copy(), alias=alias)
