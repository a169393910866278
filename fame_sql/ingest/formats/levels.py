"""The level words of logs, and how they are found in plain text."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files

from fame_sql.warehouse.severities import NUMBERS, patterns

# In capitals these are words of English as often as levels.
_ALSO_WORDS = {
    *("ALERT", "FINE", "TRACE", "NOTICE", "PANIC", "EMERGENCY", "VERBOSE", "INFORMATION"),
}

SHORT_FORMS = {
    **{"trce": 1, "ddebug": 5, "dbug": 5, "eror": 17, "fail": 17},
    **{"trc": 1, "dbg": 5, "vrb": 5, "inf": 9, "log": 9, "wrn": 13, "dpanic": 20, "ftl": 21},
    **{"t": 1, "v": 5, "d": 5, "i": 9, "n": 10, "w": 13, "e": 17, "c": 18, "a": 19, "f": 21},
    **{"d1": 5, "d2": 4, "d3": 3, "d4": 2, "d5": 1, "fault": 21, "default": 9, "statement": 9},
    **{"detail": 9, "hint": 9, "context": 9, "note": 9, "system": 9, "crash": 21},
}
"""Short forms of level words, and levels of single programs, with their numbers."""

_BRACKETED = ("trc", "dbg", "vrb", "inf", "wrn", "ftl", "trce", "dbug", "eror", "fail")
_USUAL = ("info", "error", "warn", "warning", "debug", "notice", "fatal")
_SLOG = ("debug", "info", "warn", "error")
_ENOUGH_LINES = 8
_NAME = r"[\w.$#/-]{0,100}"


def _translated() -> dict[str, int]:
    text = files("fame_sql.ingest.formats").joinpath("levels.csv").read_text(encoding="utf-8")
    return {row["word"]: int(row["number"]) for row in csv.DictReader(text.splitlines())}


TRANSLATED = _translated()
"""Level words of other languages, in upper case, with their numbers."""


def level_number_sql(column: str) -> str:
    """Return a SQL expression for the number of a level word or its short form."""
    every = {**_small(NUMBERS), **SHORT_FORMS, **_small(TRANSLATED)}
    # The words are tried one after the other.
    numbers = {name: every[name] for name in (*_USUAL, *every)}
    cases = " ".join(f"WHEN '{name}' THEN {number}" for name, number in numbers.items())
    # Go's slog writes the distance from a level, as in ERROR+2.
    base = f"regexp_extract(lower({column}), '^(debug|info|warn|error)[+-][0-9]+$', 1)"
    distant = " ".join(f"WHEN '{name}' THEN {every[name]}" for name in _SLOG)
    distance = f"CASE {base} {distant} END"
    level = f"CASE lower({column}) {cases} ELSE {distance} END"
    number = f"CASE WHEN {column} IS NOT NULL THEN {level} END"
    return f"CAST({number} AS UTINYINT)"


def _small(numbers: Mapping[str, int]) -> dict[str, int]:
    return {name.lower(): number for name, number in numbers.items()}


def level_patterns(*, are_column: bool = False, are_late: bool = False) -> dict[str, str]:
    """Return what a regular expression needs to find levels in plain text.

    Parameters
    ----------
    are_column : bool
        Whether most lines have a level, so that a word alone is one.
    are_late : bool
        Whether most lines have a level in brackets after other words.
    """
    found = {
        "severities": patterns()["severities"],
        "levels": "|".join([patterns()["levels"], "DPANIC", "DDEBUG", *TRANSLATED]),
        "small_levels": "|".join([patterns()["small_levels"], *_small(TRANSLATED)]),
    }
    plain = found["levels"].split("|")
    certain = plain if are_column else [name for name in plain if name not in _ALSO_WORDS]
    return {
        **found,
        "bracketed_levels": f"{found['small_levels']}|{'|'.join(_BRACKETED)}",
        "plain_levels": "|".join(certain),
        "name": rf"{_NAME}" if are_column else rf"[a-zA-Z_]*[\d.-]{_NAME}",
        "level_end": r"|\s" if are_column else "",
        "late_level": rf"|{_late_level()}" if are_late else "",
    }


def _late_level() -> str:
    names = f"{patterns()['small_levels']}|{'|'.join(_BRACKETED)}"
    return rf'^[^"]{{0,100}}?(?:[\[<(](?i:{names})[\])>]|\[[DIWEF]\]|\|(?i:{names}|err)\|)'


_WORDS = frozenset(level_patterns()["plain_levels"].split("|"))
_DELIMITERS = re.compile(r"[\s\[\]|:,-]")


def levels_are_column(lines: Sequence[str]) -> bool:
    """Return whether most of the lines of a text have a level where one is expected."""
    headed = [line[:120] for line in lines if line[:1].strip()]
    words = sum(not _WORDS.isdisjoint(_DELIMITERS.split(line)) for line in headed)
    if words >= 0.5 * max(len(headed), 1):
        return True
    if len(lines) < _ENOUGH_LINES:
        return False
    levels = level_patterns()["levels"]
    after_time = re.compile(rf"^.{{0,40}}\d\S*[\s\-|,:\]]+\[?(?:{levels})[\s\]:|]", re.I)
    return sum(map(bool, map(after_time.search, headed))) >= 0.8 * max(len(headed), 1)


def levels_are_late(lines: Sequence[str]) -> bool:
    """Return whether half of the lines of a text have a level in brackets after other words."""
    late = re.compile(_late_level().replace("^", r"^\W?\d", 1))
    return sum(map(bool, map(late.search, lines))) >= 0.5 * max(len(lines), 1)
