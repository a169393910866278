"""SQL statements whose lists of verdict columns are filled in.

``$verdict_columns``
    All columns of the relation ``verdicts``.
``$verdict_of_scores``
    All columns, computed from ``fame.scores AS scores``, ``fame.templates AS templates`` and
    ``fame.answered_events AS answers``.
``$stored_columns``
    The columns that ``fame.scores`` stores, of the relation ``scores``.
``$verdict_types``
    All columns with their types.
``$verdict_fields``
    The entries of a struct, of the relation ``__fame_v`` of the stored macros.
``$threshold``
    The decision threshold.
"""

from __future__ import annotations

from string import Template

from fame_sql import sql
from fame_sql.verdict.columns import COLUMNS, STORED
from fame_sql.verdict.verdict import THRESHOLD

_SEPARATOR = ",\n    "

VERDICT_TYPES = ", ".join(f"{name} {column.kind}" for name, column in COLUMNS.items())
"""The columns of a verdict with their types, as in ``CREATE TABLE`` and ``STRUCT(...)``."""

_FILLED = {
    "verdict_columns": _SEPARATOR.join(f"verdicts.{name}" for name in COLUMNS),
    "verdict_of_scores": _SEPARATOR.join(
        f"{column.derived} AS {name}" if column.derived else f"scores.{name}"
        for name, column in COLUMNS.items()
    ),
    "stored_columns": _SEPARATOR.join(f"scores.{name}" for name in STORED),
    "verdict_types": VERDICT_TYPES,
    "verdict_fields": _SEPARATOR.join(f"'{name}': __fame_v.{name}" for name in COLUMNS),
    "threshold": f"{THRESHOLD:g}",
}


def load(name: str, **placeholders: str) -> str:
    """Return the text of a SQL file with its placeholders filled in.

    Parameters
    ----------
    name : str
        As for :func:`fame_sql.sql.load`.
    **placeholders : str
        Other placeholders of the file. Those not given stay, as DuckDB's parameters have to.
    """
    return Template(sql.load(name)).safe_substitute(_FILLED, **placeholders)
