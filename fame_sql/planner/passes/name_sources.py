"""Passes that write names as the other passes read them."""

from __future__ import annotations

from pathlib import PurePosixPath

from sqlglot import exp

from fame_sql.planner.context import Context
from fame_sql.planner.tree import source_named, sources


def name_files(query: exp.Query, context: Context) -> exp.Query:
    """Give a file that is read by its name alone the name that DuckDB gives it.

    Before: ``SELECT fame_score(body) FROM 'some/lines.parquet'``

    After: ``SELECT fame_score(body) FROM "some/lines.parquet" AS lines``
    """
    for table in query.find_all(exp.Table):
        is_file = "." in table.name and not table.db and context.catalog.place(table) is None
        if is_file and not table.alias:
            name = exp.to_identifier(PurePosixPath(table.name).stem, quoted=True)
            table.set("alias", exp.TableAlias(this=name))
    return query


def name_columns_once(query: exp.Query, _context: Context) -> exp.Query:
    """Leave out the schema before a column where the table alone says which is meant.

    Before: ``SELECT fame_score(main.logs.body) FROM main.logs``

    After: ``SELECT fame_score(logs.body) FROM main.logs``
    """
    for column in query.find_all(exp.Column):
        select = column.find_ancestor(exp.Select)
        if not column.args.get("db") or select is None:
            continue
        read = sources(select)
        place = source_named(column.table, read)
        table = None if place is None else read[place]
        if isinstance(table, exp.Table) and not table.alias and table.db == column.db:
            column.set("db", None)
            column.set("catalog", None)
    return query
