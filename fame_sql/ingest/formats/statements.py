"""The SELECT that reads the lines of a format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

from fame_sql import sql
from fame_sql.ingest.formats.definition import Format
from fame_sql.ingest.formats.documents import document_select
from fame_sql.ingest.formats.levels import level_patterns
from fame_sql.ingest.times.macros import CLOCK_PATTERN, LETTERS, strict_zone, text_zones
from fame_sql.ingest.times.written import WrittenTime
from fame_sql.sql.quoting import literal, literals

COLUMNS = (
    *("timestamp", "severity_text", "severity_number", "service_name", "host_name", "body"),
    *("trace_id", "span_id", "label"),
)
"""The columns that a group of a pattern, a key or a constant can fill."""

_WRITTEN = "ingest_time_written(field.timestamp)"
_SPECIAL = {"priority", "status", "timezone"}


@dataclass(frozen=True)
class Choices:
    """What was chosen for a source, by its reader or from its first lines.

    Parameters
    ----------
    time_format : str, optional
        How its times are written.
    keys : tuple of (str, str)
        Keys that hold a column, before those of the format.
    usual_keys : frozenset of str
        The keys of its first documents.
    has_others : bool
        Whether any document has another key.
    levels_are_column : bool
        Whether most lines of a text have a level.
    levels_are_late : bool
        Whether they have it in brackets after other words.
    framed : bool
        Whether records were made of lines, so that there are documents.
    hosts : tuple of str, optional
        The words that are hosts where syslog names no program; None is any word.
    columns, delimiter : tuple of str, str
        The columns of a table, and what stands between them.
    """

    time_format: str | None = None
    keys: tuple[tuple[str, str], ...] = ()
    usual_keys: frozenset[str] = frozenset()
    has_others: bool = True
    levels_are_column: bool = False
    levels_are_late: bool = False
    framed: bool = False
    hosts: tuple[str, ...] | None = None
    columns: tuple[str, ...] = ()
    delimiter: str = ","


def select(known: Format, choices: Choices) -> str:
    """Return the SELECT that reads records of a format from ``raw_lines``."""
    if known.keys:
        return document_select(
            known,
            choices.keys,
            choices.usual_keys,
            time_format=choices.time_format,
            framed=choices.framed,
            has_others=choices.has_others,
        )
    if known.pattern:
        return _pattern_select(known, choices.time_format)
    if known.name == "text" and choices.time_format is not None:
        return _written_select(known, choices.time_format)
    if known.statement == "ingest/syslog":
        return _syslog_select(choices.hosts)
    if known.statement != "ingest/text":
        return sql.load(known.statement)
    return Template(sql.load(known.statement)).substitute(
        level_patterns(are_column=choices.levels_are_column, are_late=choices.levels_are_late),
        zones="|".join(text_zones()),
        clock=CLOCK_PATTERN,
        strict_zone=strict_zone(),
        letters=LETTERS,
    )


def _syslog_select(hosts: tuple[str, ...] | None) -> str:
    no_host = "^[A-Z][a-z]+$" if hosts is None else "^[A-Za-z]+$"
    # The dollars of its regular expressions stay.
    return Template(sql.load("ingest/syslog")).safe_substitute(
        hosts=literals(["", *(hosts or ())]), no_host=no_host, zones="|".join(text_zones())
    )


def _written_select(known: Format, time_format: str) -> str:
    """Return the SELECT for a text whose lines begin with a time that a user has described."""
    time = WrittenTime(time_format).pattern
    level = (
        f"(?:[\\s\\-|,:]*\\[?(?P<severity_text>{level_patterns()['levels']})\\]?(?:[\\s:|,]|$))?"
    )
    written = Format(
        name=known.name,
        description=known.description,
        expected=f"a time as {time_format}",
        pattern=f"^[\\[(]?(?P<timestamp>{time})[\\])]?(?i:{level})\\s*(?P<body>.*)$",
    )
    return _pattern_select(written, time_format)


def _pattern_select(known: Format, time_format: str | None) -> str:
    groups = known.groups
    formats = (time_format,) if time_format else known.time_formats
    given = {column: _column(known, column, groups) for column in COLUMNS}
    attributes = [name for name in groups if name not in {*COLUMNS, *_SPECIAL}]
    pairs = [f"{literal(name)}, {_present(name)}" for name in attributes]
    if "priority" in groups:
        pairs.append("'facility', try_cast(field.priority AS INTEGER) // 8")
    if "status" in groups:
        pairs.append(f"'status', {_present('status')}")
    if "timestamp" in groups and not formats:
        pairs.append("'time_guess', ingest_time_guess(field.timestamp)")
    elif "timestamp" in groups and not all(WrittenTime(one).has_date for one in formats):
        pairs.append("'time_guess', ingest_time_guess('00:00')")
    return Template(sql.load("ingest/pattern")).substitute(
        {
            **given,
            "pattern": literal(known.pattern),
            "groups": f"[{literals(list(groups))}]",
            "time": _time(groups, formats),
            "time_text": _time_text(groups),
            "attributes": ", ".join(pairs),
            "expected": literal(f"expected: {known.expected}"),
        }
    )


def _time(groups: tuple[str, ...], formats: Sequence[str]) -> str:
    if "timestamp" not in groups:
        return "NULL::TIMESTAMP"
    if "timezone" in groups:
        moments = [WrittenTime(one).moment("field.timestamp") for one in formats]
        written = f"coalesce({', '.join(moments)})" if moments else _WRITTEN
        return f"ingest_in_named_zone({written}, field.timezone)"
    if not formats:
        return "ingest_time(field.timestamp)"
    readings = [WrittenTime(one).reading("field.timestamp") for one in formats]
    return f"coalesce({', '.join(readings)})"


def _time_text(groups: tuple[str, ...]) -> str:
    if "timestamp" not in groups:
        return "''"
    if "timezone" in groups:
        return "trim(field.timestamp || ' ' || field.timezone)"
    return "field.timestamp"


def _present(name: str) -> str:
    return f"nullif(nullif(field.{name}, ''), '-')"


def _column(known: Format, column: str, groups: tuple[str, ...]) -> str:
    if column == "severity_text":
        return _severity_text(known, groups)
    if column == "severity_number":
        return _severity_number(groups)
    if column in groups:
        return f"field.{column}" if column == "body" else _present(column)
    if column in known.values:
        return literal(known.values[column])
    return "line" if column == "body" else "NULL::VARCHAR"


def _severity_text(known: Format, groups: tuple[str, ...]) -> str:
    if "severity_text" in groups:
        cases = " ".join(
            f"WHEN {literal(word)} THEN {literal(level)}"
            for word, level in dict(known.levels).items()
        )
        if cases:
            return f"CASE field.severity_text {cases} ELSE {_present('severity_text')} END"
        return _present("severity_text")
    if "priority" in groups:
        return "ingest_priority_level(field.priority)"
    if "severity_text" in known.values:
        return literal(known.values["severity_text"])
    return "NULL::VARCHAR"


def _severity_number(groups: tuple[str, ...]) -> str:
    if "status" in groups:
        level = "CASE field.status[1] WHEN '5' THEN 'error' WHEN '4' THEN 'warn' ELSE 'info' END"
        return f"ingest_severity_number({level})"
    if "severity_number" in groups:
        return "try_cast(field.severity_number AS UTINYINT)"
    return "NULL"
