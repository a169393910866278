"""What is stored after a statement was planned, and before it runs.

A server stores lines all the time. A line that came in between has no verdict in the temporary
tables of the plan, and its score would be NULL.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from fame_sql.scoring.live import LiveScorer
from fame_sql.verdict import statements
from fame_sql.warehouse.lake.kind import is_lake, load_for

_BEFORE_ALL = -(1 << 63)


@dataclass(frozen=True)
class Reach:
    """How far a warehouse reaches at some moment.

    Parameters
    ----------
    event, line : int
        The last event and the last line; in a lake, where numbers do not grow, its snapshot.
    """

    event: int
    line: int


def reach_of(connection: duckdb.DuckDBPyConnection) -> Reach:
    """Return how far the warehouse of a connection reaches now."""
    statement = load_for(connection, "scoring/on_demand/reach")
    [(event, line)] = connection.execute(statement).fetchall()
    return Reach(event, line)


def hold_later(
    connection: duckdb.DuckDBPyConnection, planned: str, since: Reach, scorer: LiveScorer
) -> bool:
    """Judge what has come since a statement was planned, inside the transaction that runs it.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The connection with the temporary tables of the plan.
    planned : str
        The statement of the plan.
    since : Reach
        How far the warehouse reached before that.
    scorer : LiveScorer
        Of the connection's live functions.

    Returns
    -------
    bool
        Whether the plan holds; otherwise the statement has to run as it was sent.
    """
    now = reach_of(connection)
    if now.line != since.line and "__fame_messages_" in planned:
        return False
    if now.event != since.event and "__fame_events" in planned:
        after = _BEFORE_ALL if is_lake(connection) else since.event
        connection.execute(_load("add_later"), {"after": after})
        if by_value := sorted(scorer.model().heads.by_template):
            connection.execute(_load("leave_values"), {"templates": by_value})
    return True


def _load(name: str) -> str:
    return statements.load(f"scoring/on_demand/{name}", by_value=False)
