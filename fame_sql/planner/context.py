"""What the passes share: of one statement, and of the calls on one message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile

from sqlglot import exp

from fame_sql.planner.catalog import Catalog
from fame_sql.planner.report import Planned
from fame_sql.planner.scope import above, standalone
from fame_sql.planner.tree import every, sources, text
from fame_sql.planner.verify import Tree
from fame_sql.scoring.on_demand import Counts, TemporaryVerdicts


@dataclass(eq=False)
class Source:
    """One source of a SELECT."""

    node: exp.Expr  # in the tree; the join, once answers are joined to it
    columns: list[str] | None  # as they were written; None if it cannot be read by itself

    @cached_property
    def held(self) -> set[str]:
        """Its columns in lower case."""
        return {name.lower() for name in self.columns or ()}


@dataclass
class Context:
    """One statement while it is planned."""

    catalog: Catalog
    open_store: Callable[[], TemporaryVerdicts]
    query: exp.Query
    body: str  # as it is written
    trees: tuple[Tree, Tree]  # DuckDB's, of the query as it was written and as sqlglot writes it
    live: frozenset[str]  # the live functions, and the views and macros that call one
    planned: list[Planned] = field(default_factory=list)
    numbers: int = 0  # the last number used in the name of a joined column
    _sources: dict[int, list[Source]] = field(default_factory=dict)

    @cached_property
    def columns(self) -> list[tuple[str, str]] | None:
        """Names and types of the columns of the query as it was written; None if it has none."""
        return self.catalog.described(self.body)

    @cached_property
    def store(self) -> TemporaryVerdicts:
        """What is stored, opened when it is first needed, since that reads the model."""
        return self.open_store()

    def sources_of(self, select: exp.Select) -> list[Source]:
        """Return the sources of a SELECT, each looked up once."""
        if id(select) not in self._sources:
            self._sources[id(select)] = [Source(s, self._columns(s)) for s in sources(select)]
        return self._sources[id(select)]

    def is_of_a_subquery(self, column: exp.Column, select: exp.Select) -> bool:
        """Return whether a column certainly comes from a subquery in a SELECT, not from its own."""
        inner = takewhile(lambda node: node is not select, above(column))
        queries = [node for node in inner if isinstance(node, exp.Select)]
        return any(self._holds(query, column) for query in queries)

    def _holds(self, select: exp.Select, column: exp.Column) -> bool:
        read = self.sources_of(select)
        if column.table:
            return any(s.node.alias_or_name.lower() == column.table.lower() for s in read)
        return any(column.name.lower() in source.held for source in read)

    def _columns(self, source: exp.Expr) -> list[str] | None:
        readable = isinstance(source, exp.Table | exp.Subquery)
        return self.catalog.columns(standalone(every(source), source)) if readable else None


@dataclass(eq=False)
class Calls:
    """The calls on one message in one SELECT, and what the passes find out about them."""

    context: Context
    nodes: list[exp.Anonymous]  # one at first, all on the same message once its source is known
    guard: str = ""  # why DuckDB may evaluate them on fewer rows than the planner can find
    message: exp.Expr = field(init=False)  # after find_source without names of the SELECT list
    aliases: dict[str, exp.Expr] = field(default_factory=dict)  # what those names stand for
    source: Source = field(init=False)  # where all columns of the message come from
    key: str = ""  # its column with the event of the message; empty if none is proven
    table: str = ""  # the temporary table with the answers
    found: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self.message = self.nodes[0].expressions[0]

    def report(self, reason: str = "") -> Planned:
        """Return what is done about them; with a reason, that they are left alone."""
        functions = tuple(dict.fromkeys(node.name.lower() for node in self.nodes))
        message, how = text(self.message), "event" if self.key else "message"
        if reason:
            return Planned(functions=functions, message=message, answered_by="live", reason=reason)
        return Planned(
            functions=functions,
            message=message,
            answered_by=how,
            seconds=self.found.missing * (self.context.store.scorer.seconds_each or 0.0),
            **vars(self.found),
        )
