"""Passes that refuse a statement as a whole; none changes its tree."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from fame_sql.planner import verify
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.context import Context
from fame_sql.planner.tree import FIELDS, NotPlannedError, is_live, live_nodes, text


def check_kind(query: exp.Query, context: Context) -> exp.Query:
    """Refuse what has parameters, or runs in a transaction of the user.

    Before and after: ``SELECT fame_score(body) FROM logs``

    Refused: ``SELECT fame_score(body) FROM logs WHERE log_id = ?``
    """
    if query.find(exp.Placeholder, exp.Parameter):
        raise NotPlannedError("it has parameters")
    if context.catalog.in_transaction():
        # DuckDB 2.0 aborts a transaction at the first probe that fails.
        raise NotPlannedError(
            "it runs in a transaction of your own: COMMIT or ROLLBACK it to have it planned"
        )
    return query


def check_syntax(query: exp.Query, context: Context) -> exp.Query:
    """Refuse what DuckDB parses differently once sqlglot has written it.

    Before: ``SELECT len(body), fame_score(body) FROM logs``

    After: ``SELECT LENGTH(body), fame_score(body) FROM logs``, which means the same

    Refused: ``SELECT log10(log_id), fame_score(body) FROM logs``, which becomes ``LOG(10, log_id)``
    """
    if not verify.same(*context.trees):
        named = verify.difference(*context.trees) or "syntax"
        raise NotPlannedError(f"it uses {named} that the planner cannot reproduce exactly")
    return query


def check_calls(query: exp.Query, context: Context) -> exp.Query:
    """Refuse a live function that is called through a macro, or in an unusual form.

    Before and after: ``SELECT fame_score(body) FROM logs``

    Refused: ``SELECT body.fame_score() FROM logs`` and ``SELECT main.fame_score(body) FROM logs``
    """
    called = verify.function_names(context.trees[0]) & context.live
    if macros := sorted(called & context.catalog.functions.keys()):
        reason = f"{macros[0]}() is a macro over a live function: call the function itself"
        raise NotPlannedError(reason)
    found = {node.name.lower() for node in live_nodes(query)}
    written = {n.name.lower() for n in query.find_all(exp.Anonymous) if not is_live(n)}
    if other := sorted((written | called - found) & FIELDS.keys()):
        reason = f"a call that is not written as {other[0]}(message) is not planned"
        raise NotPlannedError(reason)
    return query


def check_volatile(query: exp.Query, context: Context) -> exp.Query:
    """Refuse what may differ each time, in the query and in the views that it reads.

    Before and after: ``SELECT fame_score(body) FROM logs WHERE timestamp < now()``

    Refused: ``SELECT fame_score(body) FROM logs WHERE random() < 0.5``
    """
    trees = context.trees
    for tree in [*trees, *_trees_behind(context.catalog, *trees)]:
        if volatile := sorted(verify.function_names(tree) & context.catalog.functions.keys()):
            raise NotPlannedError(f"{volatile[0]}() may differ each time, or hide what does")
        if verify.takes_a_sample(tree):
            raise NotPlannedError("it takes a sample")
    return query


def accept(query: exp.Query, context: Context) -> exp.Query:
    """Refuse a planned statement that DuckDB does not accept, or whose columns have other names.

    Before and after: the statement to be run

    Refused: ``SELECT body, __fame_1_score FROM (..) GROUP BY CUBE (body)``
    """
    catalog = context.catalog
    if not catalog.accepts(context.sql(query)):
        raise NotPlannedError("DuckDB does not accept it as the planner writes it")
    names = (context.names, catalog.described(text(query)))
    if len({tuple(map(str.lower, found or ())) for found in names}) > 1:
        raise NotPlannedError("its columns would have other names")
    return query


def _trees_behind(catalog: Catalog, *trees: verify.Tree) -> Iterator[verify.Tree]:
    """Yield the queries of all views that a query may read, by their names alone."""
    waiting: set[str] = set().union(*map(verify.table_names, trees))
    seen: set[str] = set()
    while waiting:
        views = [catalog.view(place) for place in catalog.views if place[2] in waiting]
        behind = [verify.parse(catalog.connection, view.texts[0]) for view in views if view]
        yield from behind
        seen |= waiting
        waiting = set().union(*map(verify.table_names, behind)) - seen
