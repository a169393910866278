"""What fame-sql knows of the lines that it has stored, to notice when others change them.

An event is found once, when its line is stored. A statement such as ``UPDATE fame.logs SET body =
..`` changes a message under its event, so stored verdicts are used for lines only while these are
as fame-sql has left them. Their number and a sum of the hashes of their content are a setting,
which every stage that changes lines keeps up to date, in its own transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from fame_sql import sql
from fame_sql.warehouse import settings
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.recipe import read_recipe

_ALL = "true"
_checked: dict[tuple[Path, str], tuple[object, LineState | None]] = {}
_vouched: set[Path] = set()

MADE_AGAIN = 200_000
"""The most lines of which the messages are made canonical again to find out whether they fit."""


@dataclass(frozen=True)
class LineState:
    """The lines of a warehouse.

    Parameters
    ----------
    lines : int
        How many there are.
    content : int
        The sum of the hashes of number, body and event of each.
    probe : int
        The hash of a known text: another one means another hash function.
    ordered : bool
        Whether they lie in the order of their numbers.
    """

    lines: int
    content: int
    probe: int
    ordered: bool = True


# A sum that every load changes would make all loads wait for each other.
_IN_LAKE = LineState(0, 0, 0, ordered=False)


def record(connection: duckdb.DuckDBPyConnection) -> None:
    """Store the state of the lines as they are now; a lake has its own history instead."""
    if is_lake(connection):
        return
    _write(connection, replace(_read_lines(connection), ordered=_is_ordered(connection)))


def add(connection: duckdb.DuckDBPyConnection, condition: str, **parameters: Any) -> None:
    """Add the lines of a condition to the state that is stored: they have just been stored.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse, inside the caller's transaction.
    condition : str
        A condition in SQL, written in this program.
    **parameters : Any
        Its parameters.
    """
    _change(connection, 1, condition, parameters)


def remove(connection: duckdb.DuckDBPyConnection, condition: str, **parameters: Any) -> None:
    """Take the lines of a condition out of the state that is stored: they are about to go."""
    _change(connection, -1, condition, parameters)


def delete(connection: duckdb.DuckDBPyConnection, condition: str, **parameters: Any) -> None:
    """Delete the lines of a condition."""
    remove(connection, condition, **parameters)
    statement = Template(sql.load("warehouse/lines/delete")).substitute(condition=condition)
    connection.execute(statement, parameters)


def check(connection: duckdb.DuckDBPyConnection) -> LineState | None:
    """Return the state that is stored if the lines are like that; None if others changed them.

    All lines are read, once for as long as the file stays as it is.
    """
    return _once(connection, "check", _check)


def vouch(connection: duckdb.DuckDBPyConnection) -> None:
    """Take every later change of the lines for one that is told here, if they are right now.

    For a process that holds the file alone and knows of all statements; see :func:`doubt`.
    """
    place, _ = _moment(connection)
    if place is not None and check(connection) is not None:
        _vouched.add(place)


def doubt(connection: duckdb.DuckDBPyConnection) -> None:
    """Vouch no longer: others may change the lines now."""
    place, _ = _moment(connection)
    if place is not None:
        _vouched.discard(place)


def usable(connection: duckdb.DuckDBPyConnection) -> LineState | None:
    """Return the state of the lines if each certainly has the event of its message, else None.

    After others have changed lines, up to a number of lines are made canonical again, so that a
    small warehouse from which lines were deleted is used as before.
    """
    return check(connection) or _once(connection, "usable", _verify)


def _check(connection: duckdb.DuckDBPyConnection) -> LineState | None:
    known = stored_state(connection)
    if known is _IN_LAKE:
        return known
    return known if known is not None and _read_lines(connection, known.ordered) == known else None


def _verify(connection: duckdb.DuckDBPyConnection) -> LineState | None:
    found = _read_lines(connection)
    if found.lines > MADE_AGAIN:
        return None
    statement = Template(sql.load("warehouse/lines/mismatched"))
    canonical = read_recipe(connection).sql("body")
    wrong = connection.execute(statement.substitute(canonical=canonical)).fetchall()
    return replace(found, ordered=_is_ordered(connection)) if wrong == [(0,)] else None


def _once(
    connection: duckdb.DuckDBPyConnection,
    what: str,
    find: Callable[[duckdb.DuckDBPyConnection], LineState | None],
) -> LineState | None:
    """Return what is found, which is looked for again only after the file has changed."""
    place, moment = _moment(connection)
    if place is None:
        return find(connection)
    if place in _vouched:
        return stored_state(connection)
    known = _checked.get((place, what))
    if known is None or known[0] != moment:
        known = _checked[place, what] = (moment, find(connection))
    return known[1]


def _is_ordered(connection: duckdb.DuckDBPyConnection) -> bool:
    [(ordered,)] = connection.execute(sql.load("warehouse/lines/is_ordered")).fetchall()
    return bool(ordered)


def stored_state(connection: duckdb.DuckDBPyConnection) -> LineState | None:
    """Return the state that is stored, None if none is."""
    if is_lake(connection):
        return _IN_LAKE
    known = settings.read(connection, settings.LINES)
    return None if known is None else LineState(**json.loads(known))


def _moment(connection: duckdb.DuckDBPyConnection) -> tuple[Path | None, object]:
    """Return the file of the warehouse, and what differs after every change of it."""
    [(place,)] = connection.execute(sql.load("warehouse/lines/place")).fetchall()
    if place is None or is_lake(connection):
        return None, None
    files = (Path(place), Path(f"{place}.wal"))
    found = [file.stat() if file.exists() else None for file in files]
    return files[0], [f and (f.st_ino, f.st_size, f.st_mtime_ns) for f in found]


def _change(
    connection: duckdb.DuckDBPyConnection, sign: int, condition: str, parameters: dict[str, Any]
) -> None:
    known = stored_state(connection)
    if known is not None and known is not _IN_LAKE:
        part = _read_lines(connection, known.ordered, condition, parameters)
        lines, content = known.lines + sign * part.lines, known.content + sign * part.content
        _write(connection, replace(known, lines=lines, content=content))


def _read_lines(
    connection: duckdb.DuckDBPyConnection,
    ordered: bool = True,
    condition: str = _ALL,
    parameters: dict[str, Any] | None = None,
) -> LineState:
    statement = Template(sql.load("warehouse/lines/state")).substitute(condition=condition)
    [(number, content, probe)] = connection.execute(statement, parameters or {}).fetchall()
    return LineState(number, content, probe, ordered)


def _write(connection: duckdb.DuckDBPyConnection, state: LineState) -> None:
    settings.write(connection, settings.LINES, json.dumps(asdict(state)))
