"""The tables of a warehouse as a lake can hold them, from the statements that make them in a file.

DuckLake has no keys, checks, sequences and indexes. What they guard in a file, the statements that
write to a lake guard themselves. Three differences remain: numbers of events and loads are 64 bits
long, and events and loads are rows that are only ever added, so that no writer waits for another;
``fame.events`` and ``fame.ingests`` are views over them.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp

ROWS = {"events": "event_rows", "ingests": "ingest_rows"}
"""The tables to which rows are only added, by the view that sums them up."""

_WIDE = {"event_id", "event_ids", "ingest_id"}
_GUARDS = (
    exp.PrimaryKeyColumnConstraint,
    exp.CheckColumnConstraint,
    exp.UniqueColumnConstraint,
)


def lake_statements(script: str) -> list[str]:
    """Return the statements of a step of the schema, for a lake.

    Parameters
    ----------
    script : str
        The text of a file of ``sql/warehouse/schema``.
    """
    found = sqlglot.parse(script, read="duckdb")
    trees = [part for tree in found if tree is not None for part in _parts(_for_lake(tree))]
    return [tree.sql(dialect="duckdb", comments=False) for tree in trees]


def _parts(tree: exp.Expr) -> list[exp.Expr]:
    """Return a statement, that which adds a column with a default as two."""
    default = tree.find(exp.DefaultColumnConstraint)
    if not isinstance(tree, exp.Alter) or default is None:
        return [tree]
    # DuckLake takes a literal alone, and "false" is a cast.
    value = exp.Literal.string(default.this.sql(dialect="duckdb").lower())
    [column] = tree.find_all(exp.ColumnDef)
    default.pop()
    later = exp.AlterColumn(this=exp.to_identifier(column.name), default=value)
    return [tree, exp.Alter(this=tree.this.copy(), kind="TABLE", actions=[later])]


def _for_lake(tree: exp.Expr) -> exp.Expr:
    tree = tree.copy()
    for constraint in list(tree.find_all(exp.ColumnConstraint)):
        if isinstance(constraint.kind, _GUARDS):
            constraint.pop()
    for key in list(tree.find_all(exp.PrimaryKey)):
        key.pop()
    for column in tree.find_all(exp.ColumnDef):
        if column.name in _WIDE:
            _widen(column)
    _rename(tree)
    return tree


def _widen(column: exp.ColumnDef) -> None:
    for kind in list(column.find_all(exp.DataType)):
        if kind.this == exp.DataType.Type.INT:
            kind.set("this", exp.DataType.Type.BIGINT)


def _rename(tree: exp.Expr) -> None:
    for table in tree.find_all(exp.Table):
        if table.db == "fame" and table.name in ROWS:
            table.set("this", exp.to_identifier(ROWS[table.name]))
            if table.parent is not None and isinstance(tree, exp.Create):
                _allow_nulls(tree, table.name)


def _allow_nulls(tree: exp.Create, name: str) -> None:
    """Let a row of an event hold only what it adds."""
    if name != ROWS["events"]:
        return
    for constraint in list(tree.find_all(exp.ColumnConstraint)):
        if isinstance(constraint.kind, exp.NotNullColumnConstraint):
            column = constraint.find_ancestor(exp.ColumnDef)
            if column is not None and column.name != "event_id":
                constraint.pop()
