"""Severities: the level words that logs use, with OpenTelemetry's severity numbers.

``severities.csv`` is the one list. Python reads it here, SQL is generated from it, and the seed of
the same name in the dbt package is a copy, because dbt installs the folder of that package alone.
"""

from __future__ import annotations

import csv
from importlib.resources import files


def _read() -> dict[str, int]:
    text = files("fame_sql.warehouse").joinpath("severities.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["severity_text"]: int(row["severity_number"]) for row in rows}


NUMBERS = _read()
"""The severity number of every known level word; words in upper case."""

_FIRST_NAMES = {number: name for name, number in reversed(NUMBERS.items())}

SEVERITIES = {_FIRST_NAMES[number]: number for number in range(1, 24, 4)}
"""OpenTelemetry's own names, TRACE to FATAL, with the number at which the range of each begins."""

# Ordinary words as well: in plain text they are more often part of the message than its level.
_NOT_IN_TEXT = {"FAILURE", "INFORMATIONAL"}


def number_sql(column: str) -> str:
    """Return a SQL expression for the severity number of a level word, NULL where it is unknown.

    Parameters
    ----------
    column : str
        A SQL expression of type VARCHAR, trusted: never text from a log.
    """
    cases = " ".join(f"WHEN '{name.lower()}' THEN {number}" for name, number in NUMBERS.items())
    return f"CAST(CASE lower({column}) {cases} END AS UTINYINT)"


def patterns() -> dict[str, str]:
    """Return the alternatives of a regular expression that finds levels in plain text.

    Returns
    -------
    dict of str to str
        ``severities``: OpenTelemetry's own names. ``levels``: every level word, in upper case.
        ``small_levels``: the same in lower case.
    """
    levels = "|".join(name for name in NUMBERS if name not in _NOT_IN_TEXT)
    return {
        "severities": "|".join(SEVERITIES),
        "levels": levels,
        "small_levels": levels.lower(),
    }
