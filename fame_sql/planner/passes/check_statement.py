"""Passes that refuse a statement as a whole; none changes its tree."""

from __future__ import annotations

from sqlglot import exp

from fame_sql.planner import verify
from fame_sql.planner.context import Context
from fame_sql.planner.tree import FIELDS, NotPlannedError, is_live, live_nodes, text

IN_TRANSACTION = "it runs in a transaction of your own: COMMIT or ROLLBACK it to have it planned"
NOT_ACCEPTED = "DuckDB does not accept it as it is written"


def check_kind(query: exp.Query, context: Context) -> exp.Query:
    """Refuse what runs in a transaction of the user, and what returns no row.

    Before and after: ``SELECT fame_score(body) FROM logs``

    Refused: ``SELECT fame_score(body) FROM logs LIMIT 0``
    """
    if context.catalog.in_transaction():
        # DuckDB 2.0 aborts a transaction at the first probe that fails.
        raise NotPlannedError(IN_TRANSACTION)
    limit = query.args.get("limit")
    if limit is not None and limit.expression == exp.Literal.number(0):
        raise NotPlannedError("it returns no row")
    return query


def check_syntax(query: exp.Query, context: Context) -> exp.Query:
    """Refuse what DuckDB parses differently once sqlglot has written it.

    Before: ``SELECT len(body), fame_score(body) FROM logs``

    After: ``SELECT LENGTH(body), fame_score(body) FROM logs``, which means the same

    Refused: ``SELECT log10(log_id), fame_score(body) FROM logs``, which becomes ``LOG(10, log_id)``
    """
    if not verify.same(*context.trees):
        named = verify.difference(*context.trees)
        raise NotPlannedError(f"it uses {named} that the planner cannot reproduce exactly")
    return query


def check_calls(query: exp.Query, context: Context) -> exp.Query:
    """Refuse a live function that is called through a macro, or in an unusual form.

    Before and after: ``SELECT fame_score(body) FROM logs``

    Refused: ``SELECT body.fame_score() FROM logs`` and ``SELECT main.fame_score(body) FROM logs``
    """
    called = verify.names(context.trees[0], "function_name") & context.live
    if macros := sorted(called & context.catalog.functions.keys()):
        raise NotPlannedError(
            f"{macros[0]}() is a macro over a live function: call the function itself"
        )
    found = {node.name.lower() for node in live_nodes(query)}
    written = {n.name.lower() for n in query.find_all(exp.Anonymous) if not is_live(n)}
    if other := sorted((written | called - found) & FIELDS.keys()):
        raise NotPlannedError(f"a call that is not written as {other[0]}(message) is not planned")
    return query


def check_volatile(query: exp.Query, context: Context) -> exp.Query:
    """Refuse what may differ each time, in the query and in the views that it reads.

    Before and after: ``SELECT fame_score(body) FROM logs WHERE timestamp < now()``

    Refused: ``SELECT fame_score(body) FROM logs WHERE random() < 0.5``
    """
    catalog = context.catalog
    waiting, seen = list(context.trees), set[str]()
    while waiting:
        tree = waiting.pop(0)
        if volatile := sorted(verify.names(tree, "function_name") & catalog.functions.keys()):
            raise NotPlannedError(f"{volatile[0]}() may differ each time, or hide what does")
        if verify.takes_a_sample(tree):
            raise NotPlannedError("it takes a sample")
        # Any view of a name that it reads may be meant.
        read = verify.names(tree, "table_name") - seen
        seen |= read
        views = [catalog.view(place) for place in catalog.views if place[2] in read]
        waiting += [verify.parse(catalog.connection, view.texts[0]) for view in views if view]
    return query


def check_accepted(query: exp.Query, context: Context) -> exp.Query:
    """Refuse what DuckDB does not accept, before anything is scored for it.

    Before and after: ``SELECT fame_score(body) FROM logs``

    Refused: ``SELECT fame_score(body) FROM logs WHERE no_such_column > 1``
    """
    if context.columns is None:
        named = query.find(exp.Placeholder, exp.Parameter) and not context.catalog.parameters
        raise NotPlannedError("its parameters have no values" if named else NOT_ACCEPTED)
    return query


def accept(query: exp.Query, context: Context) -> exp.Query:
    """Refuse a planned query that DuckDB does not accept, or whose columns are others.

    Before and after: the query to be run

    Refused: ``SELECT body, __fame_1_score FROM (..) GROUP BY CUBE (body)``
    """
    found = context.catalog.described(text(query))
    if found is None:
        raise NotPlannedError("DuckDB does not accept it as the planner writes it")
    columns = ([(n.lower(), kind) for n, kind in made] for made in (found, context.columns or ()))
    if next(columns) != next(columns):
        raise NotPlannedError("its columns would have other names or types")
    return query
