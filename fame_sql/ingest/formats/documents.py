"""The SELECT for records that are objects, such as JSON: which key holds which column."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from string import Template

from fame_sql import sql
from fame_sql.ingest.formats.definition import Format
from fame_sql.ingest.times.written import WrittenTime
from fame_sql.sql.quoting import literal, literals
from fame_sql.warehouse.severities import NUMBERS

_PLACES = {
    "message": "body",
    "severity": "severity_text",
    "service": "service_name",
    "host": "host_name",
    "time": "timestamp",
    "trace": "trace_id",
    "span": "span_id",
    "label": "label",
    "number": "severity_number",
    # The first key for a time that holds anything, be it a time or not.
    "said": "timestamp",
}
# An object or a list is no level, service or host.
_PLAIN = {"severity", "service", "host"}
# Seconds of log4j, beside their nanoseconds.
_INSTANTS = ('$."instant"."epochSecond"',)
# How much of a request the audit log of Kubernetes holds.
_NO_LEVELS = ["Metadata", "Request", "RequestResponse", "None"]
_NAMED = 6
# Keys whose numbers are those of syslog, and the message of GELF, whose level is one as well.
_PRIORITIES = ("PRIORITY", "syslog_severity", "priority")
_GELF = ("short_message",)


def document_select(
    known: Format,
    own_keys: Sequence[tuple[str, str]],
    usual: frozenset[str],
    *,
    time_format: str | None = None,
    framed: bool = False,
    has_others: bool = True,
) -> str:
    """Return the SELECT for a format of objects.

    Parameters
    ----------
    known : Format
        The format.
    own_keys : sequence of (str, str)
        Columns and keys that hold them, before those of the format.
    usual : frozenset of str
        The keys of the first documents: only documents with others are searched for all keys.
    time_format : str or None
        How the times are written; None is any usual way.
    framed : bool
        Whether records were made of lines, so that there are documents.
    has_others : bool
        Whether any document has another key than the usual ones. If none has, :func:`other_keys`
        is not searched for again.
    """
    keys = merged_keys(known.keys, own_keys)
    every, often = _searched(keys, usual)
    rare = _rare(every, often) if has_others else []
    if not has_others:
        every = often
    places = {name: _place(name, keys, every, often) for name in _PLACES}
    written = _written_time(keys, every, often, time_format)
    return Template(sql.load("ingest/document")).substitute(
        {f"{name}_place": place for name, place in places.items()},
        text=_text(known, framed=framed),
        severity=_severity(known.levels),
        # Only what splits lines into records makes this key.
        otlp="""coalesce(contains(object, '"fame.otlp": {'), FALSE)""" if framed else "FALSE",
        other=_contains_any(rare),
        all_keys=f"[{literals(every)}]::VARCHAR[]",
        usual_keys=f"[{literals(often)}]::VARCHAR[]",
        all_removals=_removals(every, keys.get("body", ())),
        usual_removals=_removals(often, keys.get("body", ())),
        written_time=written,
        priority_places=_places(_PRIORITIES, every, often),
        instant_places=_places(_INSTANTS, every, often),
        gelf_places=_places(_GELF, every, often),
        expected=known.expected.replace("'", "''"),
        message_names=", ".join(keys.get("body", ())[:_NAMED]).replace("'", "''"),
    )


def other_keys(
    known: Format, own_keys: Sequence[tuple[str, str]], usual: frozenset[str]
) -> str | None:
    """Return a condition that holds for each line whose object has another key than the usual ones.

    It may hold for other lines too. It is None where lines are no JSON, or no key is unusual.
    """
    if not known.keys or known.records == "logfmt":
        return None
    every, often = _searched(merged_keys(known.keys, own_keys), usual)
    rare = _rare(every, often)
    return _contains_any(rare, "line") if rare else None


def _searched(
    keys: Mapping[str, Sequence[str]], usual: frozenset[str]
) -> tuple[list[str], list[str]]:
    """Return the paths of all keys, and those that the first documents have."""
    every = _paths(keys)
    return every, [path for path in every if not usual or _first(path) in usual] or every


def _rare(every: Sequence[str], often: Sequence[str]) -> list[str]:
    return sorted({_first(path) for path in every} - {_first(path) for path in often})


def _text(known: Format, *, framed: bool) -> str:
    if known.records == "logfmt":
        return "ingest_logfmt(line)"
    return "document" if framed else "line"


@lru_cache(maxsize=256)
def known_keys(known: Format) -> frozenset[str]:
    """Return the keys of the objects of a format, without what is below them."""
    return frozenset(_first(path) for path in _paths(known.keys))


def merged_keys(
    keys: Mapping[str, Sequence[str]], own: Iterable[tuple[str, str]]
) -> dict[str, list[str]]:
    """Return the keys of each column, those of a user first."""
    merged = {column: list(names) for column, names in keys.items()}
    for column, name in own:
        # A dot of a user's key may be part of it, or lead into an object.
        inside = [f"$.{name}"] if "." in name and not name.startswith("$.") else []
        merged[column] = [name, *inside, *merged.get(column, [])]
    return merged


def _paths(keys: Mapping[str, Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(path for names in keys.values() for path in _spelled(names)))


def _spelled(names: Iterable[str]) -> Iterable[str]:
    """Yield the paths of keys; after ``$.``, dots lead into objects."""
    for name in names:
        yield _nested(name[2:]) if name.startswith("$.") else name


def _nested(name: str) -> str:
    return "$" + "".join(f".{json.dumps(part)}" for part in name.split("."))


def _severity(levels: Mapping[str, str]) -> str:
    """Return the SQL expression for the level word of what a document has as its level."""
    cases = " ".join(f"WHEN {literal(said)} THEN {literal(word)}" for said, word in levels.items())
    return f"CASE severity {cases} ELSE severity END" if cases else "severity"


def _first(path: str) -> str:
    """Return the key at the top of a document that a path begins with."""
    found = re.match(r'\$\."([^"]*)"', path)
    return found[1] if found else path


def _place(
    name: str, keys: Mapping[str, Sequence[str]], every: Sequence[str], often: Sequence[str]
) -> str:
    """Return the SQL expression for the place of the key that holds a column."""
    wanted = list(_spelled(keys.get(_PLACES[name], ())))
    all_of, usual = _first_held(name, wanted, every), _first_held(name, wanted, often)
    return all_of if all_of == usual else f"if(has_others, {all_of}, {usual})"


def _first_held(name: str, wanted: Sequence[str], paths: Sequence[str]) -> str:
    places = [paths.index(path) + 1 for path in wanted if path in paths]
    if not places:
        return "NULL::INTEGER"
    cases = " ".join(
        f"WHEN {_holds(name, f'held[{place}]', paths[place - 1])} THEN {place}" for place in places
    )
    return f"CASE {cases} END"


def _places(names: Sequence[str], every: Sequence[str], often: Sequence[str]) -> str:
    """Return places of keys as a SQL list; 0 stands for a key that is not looked for."""
    pairs = [
        (
            every.index(name) + 1 if name in every else 0,
            often.index(name) + 1 if name in often else 0,
        )
        for name in names
    ]
    return ", ".join(
        str(one) if one == other else f"if(has_others, {one}, {other})" for one, other in pairs
    )


def _holds(name: str, value: str, path: str) -> str:
    if name == "time":
        # Only what can be a time is one: a number below the seconds of 1973 is a duration.
        number = f"try_cast({value} AS DOUBLE) IS NULL OR ingest_time_epoch({value}) IS NOT NULL"
        return (
            f"CASE WHEN contains({value}, ':') THEN TRUE "
            f"ELSE {value} IS NOT NULL AND ({number}) END"
        )
    if name == "service":
        # A number is none either.
        return f"regexp_matches({value}, '^[^{{[]*[^0-9{{[]')"
    if name in _PLAIN:
        plain = f"{value} IS NOT NULL AND left({value}, 1) NOT IN ('{{', '[')"
        if name == "severity" and path == "status":
            # It can be the status of anything.
            return f"regexp_matches({value}, '^(?i:{'|'.join(NUMBERS)})$')"
        if name == "severity":
            return f"{plain} AND {value} NOT IN ({literals(_NO_LEVELS)})"
        return plain
    return f"{value} IS NOT NULL"


def _written_time(
    keys: Mapping[str, Sequence[str]],
    every: Sequence[str],
    often: Sequence[str],
    time_format: str | None,
) -> str:
    if time_format is not None:
        return WrittenTime(time_format).reading("moment")
    return "ingest_time(moment)"


def _contains_any(names: Sequence[str], document: str = "object") -> str:
    if not names:
        return "FALSE"
    pattern = '"(?:' + "|".join(re.escape(name) for name in names) + r')"\s*:'
    return f"regexp_matches({document}, {literal(pattern)})"


def _removals(paths: Sequence[str], messages: Sequence[str]) -> str:
    """Return a list of the members that remove what a path holds, as parts of a JSON object.

    Below the top, only the message is removed: two members of one name are no object.
    """
    bodies = set(_spelled(messages))
    found = [_removal(path) if path[:2] != "$." or path in bodies else None for path in paths]
    return f"[{', '.join('NULL' if one is None else literal(one) for one in found)}]"


def _removal(path: str) -> str:
    if not path.startswith('$."'):
        return f"{json.dumps(path)}:null"
    removal = "null"
    for part in reversed(re.findall(r'"[^"]*"', path)):
        removal = f"{{{part}:{removal}}}"
    return removal[1:-1]
