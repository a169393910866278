"""What the passes share: of one statement, and of the calls on one message."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from sqlglot import exp

from fame_sql.console import Progress
from fame_sql.planner.answers import Found, Store
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.scope import standalone
from fame_sql.planner.statement import Statement
from fame_sql.planner.tree import live_nodes, reading, sources
from fame_sql.scoring.live import LiveScorer

if TYPE_CHECKING:
    from fame_sql.planner.report import Planned


@dataclass(eq=False)
class Source:
    """One source of a SELECT.

    Parameters
    ----------
    node : sqlglot.exp.Expr
        The source in the tree; the join, once answers are joined to it.
    columns : list of str or None
        All its columns as it was written; None if it cannot be read by itself.
    """

    node: exp.Expr
    columns: list[str] | None


@dataclass
class Context:
    """One statement while it is planned.

    Parameters
    ----------
    catalog : Catalog
        What the connection sees.
    scorer : LiveScorer
        Asked for what is not stored.
    statement : Statement
        What was written.
    score : bool
        Score what is missing; otherwise only count it.
    progress : Progress
        Where scoring shows how far it is.
    planned : list of Planned
        What is done about the calls.
    numbers : int
        The last number used in the name of a joined column.
    """

    catalog: Catalog
    scorer: LiveScorer
    statement: Statement
    score: bool
    progress: Progress
    planned: list[Planned] = field(default_factory=list)
    numbers: int = 0
    _sources: dict[int, list[Source]] = field(default_factory=dict)

    @cached_property
    def names(self) -> list[str] | None:
        """What DuckDB calls the columns of the query as it was written; None if it cannot say."""
        return self.catalog.described(self.statement.body)

    @cached_property
    def keeps_order(self) -> bool:
        """Whether DuckDB returns the rows of a plain query in the order of its table."""
        return bool(self.catalog.setting("preserve_insertion_order"))

    @cached_property
    def store(self) -> Store:
        """What is stored; opened when it is first needed, because that reads the model."""
        found = self.catalog
        return Store(found.connection, self.scorer, found.is_warehouse, self.score, self.progress)

    def sources_of(self, select: exp.Select) -> list[Source]:
        """Return the sources of a SELECT, each looked up once."""
        if id(select) not in self._sources:
            self._sources[id(select)] = [Source(s, self._columns(s)) for s in sources(select)]
        return self._sources[id(select)]

    def _columns(self, source: exp.Expr) -> list[str] | None:
        if not isinstance(source, exp.Table | exp.Subquery):
            return None
        every = exp.Select(expressions=[exp.Star()]).from_(source.copy())
        return self.catalog.columns(standalone(every, source))

    def columns_of(self, select: exp.Select, projections: list[exp.Expr]) -> list[str] | None:
        """Return what DuckDB calls projections of a SELECT; None if they cannot be read alone."""
        return self.catalog.columns(
            standalone(reading(select, projections, "group", "windows"), select)
        )


@dataclass(eq=False)
class Calls:
    """The calls on one message in one SELECT, and what the passes find out about them.

    Parameters
    ----------
    context : Context
        The statement that they are in.
    nodes : list of sqlglot.exp.Anonymous
        The calls: one at first, all on the same message after their source is known.
    guard : str
        Why DuckDB may evaluate them on fewer rows than the planner can find; such calls are
        planned only if that scores nothing.
    message : sqlglot.exp.Expr
        Their argument; no longer in names of the SELECT list after :func:`find_source`.
    aliases : dict of str to sqlglot.exp.Expr
        What names of the SELECT list stand for, where no source has a column of that name.
    source : Source
        Where all columns of the message come from.
    key : str
        The column of the source with the event of the message; empty if none is proven.
    table : str
        The temporary table with the answers.
    found : Found
        What was stored and what had to be scored.
    """

    context: Context
    nodes: list[exp.Anonymous]
    guard: str = ""
    message: exp.Expr = field(init=False)
    aliases: dict[str, exp.Expr] = field(default_factory=dict)
    source: Source = field(init=False)
    key: str = ""
    table: str = ""
    found: Found = field(default_factory=Found)

    def __post_init__(self) -> None:
        self.message = self.nodes[0].expressions[0]

    @property
    def functions(self) -> tuple[str, ...]:
        """The live functions called, each once."""
        return tuple(dict.fromkeys(node.name.lower() for node in self.nodes))


def calls_of(select: exp.Select, context: Context) -> list[Calls]:
    """Return the calls that see the rows of a SELECT itself."""
    return [
        Calls(context, [node])
        for node in live_nodes(select)
        if node.find_ancestor(exp.Select, exp.SetOperation) is select
    ]
