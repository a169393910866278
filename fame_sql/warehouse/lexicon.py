"""The lexicon of failure words: what log lines say when something fails, before anyone labels.

``lexicon.csv`` beside this file is the list that a warehouse starts with. It is copied into
``fame.lexicon``, which can be replaced by a file of one's own.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.canonical.arrays import array_of
from fame_sql.errors import InputError

POLARITIES = (-2, 1, 2, 3)
"""From hardly a failure (1) to surely one (3); -2 takes back what other words of a line say."""

_COLUMNS = ("phrase", "polarity")


def default_lexicon() -> dict[str, int]:
    """Return the lexicon that comes with fame-sql: phrases and their polarities."""
    text = files("fame_sql.warehouse").joinpath("lexicon.csv").read_text(encoding="utf-8")
    return _parse(text, "lexicon.csv")


def read_lexicon(path: Path) -> dict[str, int]:
    """Return the lexicon of a CSV file with the columns ``phrase`` and ``polarity``.

    Raises
    ------
    InputError
        If the file cannot be read, or a row has no phrase or another polarity.
    """
    try:
        return _parse(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"lexicon {path} cannot be read: {error}") from None


def _parse(text: str, name: str) -> dict[str, int]:
    rows = list(csv.DictReader(text.splitlines()))
    if not rows or any(column not in rows[0] for column in _COLUMNS):
        raise InputError(
            f"lexicon {name} needs the columns {' and '.join(_COLUMNS)}, named in its first line, "
            "and at least one row"
        )
    return dict(_entry(row, number, name) for number, row in enumerate(rows, 2))


def _entry(row: dict[str, str | None], number: int, name: str) -> tuple[str, int]:
    phrase, polarity = ((row[column] or "").strip() for column in _COLUMNS)
    if not phrase or polarity not in map(str, POLARITIES):
        allowed = ", ".join(map(str, POLARITIES))
        raise InputError(
            f"lexicon {name}, line {number}: a row is a phrase and one of {allowed}, not "
            f"{phrase!r} and {polarity!r}"
        )
    return phrase.lower(), int(polarity)


def write_lexicon(connection: duckdb.DuckDBPyConnection, lexicon: dict[str, int]) -> None:
    """Store a lexicon in place of the one before, inside the caller's transaction.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse.
    lexicon : dict of str to int
        Phrases in lower case with their polarities.
    """
    table = pa.table(
        {
            "phrase": array_of(list(lexicon), pa.string()),
            "polarity": array_of(list(lexicon.values()), pa.int8()),
        }
    )
    # An update in place: DuckDB finds a deleted key again until the transaction is committed.
    connection.register("new_lexicon", table)
    try:
        connection.execute(
            "DELETE FROM fame.lexicon WHERE phrase NOT IN (FROM new_lexicon SELECT phrase)"
        )
        connection.execute(sql.load("warehouse/set_lexicon"))
    finally:
        connection.unregister("new_lexicon")
