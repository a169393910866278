"""Which format a source has, from its first lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from fame_sql.errors import InputError
from fame_sql.ingest.formats.definition import Format
from fame_sql.ingest.formats.documents import known_keys
from fame_sql.ingest.formats.enveloped import (
    enveloped,
    is_line_of,
    lines_in,
    plain_formats,
    relaying,
    shipping,
)
from fame_sql.ingest.formats.evidence import date_of, day_first, fields_of, keys_of, sample
from fame_sql.ingest.formats.hints import NO_HINTS, Hints
from fame_sql.ingest.formats.hosts import hosts_of
from fame_sql.ingest.formats.layout import DATED, Layout
from fame_sql.ingest.formats.levels import levels_are_column, levels_are_late
from fame_sql.ingest.formats.library import ANYTHING, GENERAL, NAMED, known_formats
from fame_sql.ingest.formats.statements import Choices
from fame_sql.ingest.records import has_several, objects_over_lines
from fame_sql.ingest.records.delimited import fields_named, header_of, plain_name
from fame_sql.ingest.times import TimeChoices, check_timezone

_GROUP_NAME = re.compile(r"\(\?P<\w+>")
_REFERENCE = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")
_FEW, _SOME = 0.02, 0.2
_HEADER_LINES = 20
_DATED = re.compile(DATED)
_CONTINUES = re.compile(
    r"\s|at |Caused by|Traceback |goroutine |\.\.\. \d+ more|[}\])]|panic|During handling|"
    r"The above exception|--- |stack backtrace|note: |[\w$.]+(?:Exception|Error)\b|Trace\["
    r"|\S+\(0x|created by "
)
_CLOCK_FIRST = re.compile(r"\W?\d\d:\d\d:\d\d[\s.,\]|]")


def choose_layout(name: str, path: Path, head: bytes, hints: Hints = NO_HINTS) -> Layout:
    """Return how a source is read: in the format called ``name``, or in the one that it has.

    Parameters
    ----------
    name : str
        The name of a format, or ``auto``.
    path : Path
        The source, for the message.
    head : bytes
        The beginning of the source, in UTF-8.
    hints : Hints
        What the user says of it.

    Raises
    ------
    InputError
        If there is no such format, or no line of ``head`` has it.
    """
    formats = known_formats(hints.format_files)
    if name not in {"auto", *formats}:
        raise InputError(
            f"unknown format {name!r}: use --format with auto or one of {', '.join(formats)}"
        )
    lines = sample(head)
    found = _detect(formats, lines)
    if name != "auto":
        known = formats[name]
        if _count(known, lines) == 0:
            raise InputError(
                f"none of the first {len(lines)} lines of {path} has the format {name}: "
                f"run again with --format {found.name}, which was detected"
            )
        found = Layout(known, continuation=known.continuation, reason=NAMED)
    if found.format.envelope:
        return _within(found, formats, lines, path, hints)
    if found.format.name == "syslog" and (relayed := relaying(found, lines)):
        return _within(relayed, formats, lines, path, hints)
    whole = _completed(found, lines, path, hints)
    if (shipped := shipping(whole, hints)) and (inner := lines_in(shipped, lines)):
        held = _detect(plain_formats(formats), inner)
        if is_line_of(held, inner):
            return enveloped(shipped, _completed(held, inner, path, hints), formats[ANYTHING])
    return whole


def _within(
    outside: Layout,
    formats: Mapping[str, Format],
    lines: Sequence[str],
    path: Path,
    hints: Hints,
) -> Layout:
    """Return the layout of the lines in an envelope."""
    inner = lines_in(outside, lines)
    found = _completed(_detect(plain_formats(formats), inner), inner, path, hints)
    return enveloped(outside, found, formats[ANYTHING])


def _count(known: Format, lines: Sequence[str]) -> int:
    if known.name == ANYTHING:
        return len(lines)
    return sum(map(bool, map(known.matches.match, lines)))


def _detect(formats: Mapping[str, Format], lines: Sequence[str]) -> Layout:
    """Return the format of most lines that have a header, and the formats between them.

    Lines that continue a record say nothing against a format.
    """
    *certain, anything = formats.values()
    if table := _table(formats, lines):
        return table
    if "jsonl" in formats and objects_over_lines(lines):
        return Layout(formats["jsonl"], reason="JSON objects over several lines")
    begun = _begun(tuple(certain), lines)
    if same := _same(begun, anything, lines):
        return same
    counts = {known.name: _count(known, [line for line, _ in begun]) for known in certain}
    best = max(certain, key=lambda known: counts[known.name])
    fitting = counts[best.name]
    present = [known for known in certain if counts[known.name] and known.mixes]
    headers = sum(_has_header(line, present) for line in lines)
    continued = sum(map(bool, map(_CONTINUES.match, lines)))
    # Where a record can be many lines of any kind, few headers are enough.
    enough = _FEW if best.continuation == "any" else _SOME
    if fitting and fitting >= 0.5 * headers and fitting >= enough * (len(lines) - continued):
        main, share = best, fitting
    else:
        main, share = anything, sum(map(bool, map(_DATED.match, lines)))
    return Layout(
        main,
        special=_special(main, present),
        others=_others(main, present, anything, lines),
        continuation=_continuation(main, share, len(lines)),
        reason=_reason(main, share, lines),
    )


def _begun(formats: tuple[Format, ...], lines: Sequence[str]) -> list[tuple[str, Format | None]]:
    """Return the lines that any format takes, each with the first that does, None if not known."""
    first = _first_of(formats)
    if first is None:
        return [(line, None) for line in lines]
    found = ((line, first.match(line)) for line in lines)
    return [(line, formats[int((begun.lastgroup or "")[1:])]) for line, begun in found if begun]


def _same(
    begun: Sequence[tuple[str, Format | None]], anything: Format, lines: Sequence[str]
) -> Layout | None:
    """Return the layout of a source of which one format takes all lines first, or none takes any.

    Most sources are so. Then no other format has more of the lines, and none is between them.
    """
    if not begun:
        return _plain_layout(anything, sum(map(bool, map(_DATED.match, lines))), lines)
    known = begun[0][1]
    if known is None or len(begun) < len(lines):
        return None
    if any(other is not known for _, other in begun):
        return None
    return _plain_layout(known, len(lines), lines)


def _plain_layout(main: Format, share: int, lines: Sequence[str]) -> Layout:
    return Layout(
        main,
        continuation=_continuation(main, share, len(lines)),
        reason=_reason(main, share, lines),
    )


@lru_cache(maxsize=64)
def _first_of(formats: tuple[Format, ...]) -> re.Pattern[str] | None:
    """Return one expression whose group ``fN`` is the first of the formats that takes a line.

    None if the expressions cannot be joined, as a format of the user's own may number its groups.
    """
    patterns = [_GROUP_NAME.sub("(?:", known.matches.pattern) for known in formats]
    if any(map(_REFERENCE.search, patterns)):
        return None
    try:
        return re.compile("|".join(f"(?P<f{n}>{pattern})" for n, pattern in enumerate(patterns)))
    except re.error:
        return None


def _table(formats: Mapping[str, Format], lines: Sequence[str]) -> Layout | None:
    """Return the layout of a table whose first line names its columns."""
    fielded = formats.get("w3c")
    if fielded is not None and any(map(fields_named, lines[:_HEADER_LINES])):
        return Layout(fielded, continuation="none", reason="a line with # names the fields")
    table = formats.get("csv")
    if table is None or header_of(lines, _column_names(table)) is None:
        return None
    return Layout(table, continuation="none", reason="the first line names columns")


@lru_cache(maxsize=64)
def _column_names(table: Format) -> frozenset[str]:
    return frozenset(name.lower() for names in table.keys.values() for name in names)


def _keys_of_columns(known: Format, columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield columns of a table whose names are nearly those of keys, where no name is the same."""
    if known.records != "csv" or known.columns:
        return
    for column, names in known.keys.items():
        if not set(names).isdisjoint(columns):
            continue
        for key in (name.lower() for name in names if len(name) > 1):
            alike = [name for name in columns if plain_name(name) == key]
            if alike:
                yield column, alike[0]
                break


def _columns(known: Format, lines: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Return the columns of a table, and what stands between them."""
    if known.columns:
        return tuple(known.columns), ","
    if known.records == "csv":
        return header_of(lines, _column_names(known)) or ((), ",")
    named = [found for line in lines if (found := fields_named(line))]
    return named[0] if named else ((), " ")


def _continuation(main: Format, share: int, lines: int) -> str:
    """In a text of which few lines have a time, only traces continue a record."""
    if main.name == ANYTHING and 2 * share < lines:
        return "traces"
    return main.continuation


def _reason(main: Format, fitting: int, lines: Sequence[str]) -> str:
    what = "begin with a time" if main.name == ANYTHING else f"are {main.name}"
    if main.name == ANYTHING and not fitting:
        fitting = sum(map(bool, map(_CLOCK_FIRST.match, lines)))
    return f"{fitting} of the first {len(lines)} lines {what}"


def _has_header(line: str, formats: Sequence[Format]) -> bool:
    return _DATED.match(line) is not None or any(known.matches.match(line) for known in formats)


def _special(main: Format, present: Sequence[Format]) -> tuple[Format, ...]:
    if main.name not in GENERAL or not main.mixes:
        return ()
    return tuple(known for known in present if known.name not in GENERAL)


def _others(
    main: Format, present: Sequence[Format], anything: Format, lines: Sequence[str]
) -> tuple[Format, ...]:
    if not main.mixes:
        return ()
    left = [line for line in lines if main is anything or not main.matches.match(line)]
    others = []
    for known in present:
        if known is not main and any(known.matches.match(line) for line in left):
            others.append(known)
            left = [line for line in left if not known.matches.match(line)]
    if main is not anything and any(_DATED.match(line) for line in left):
        others.append(replace(anything, detect=_DATED.pattern))
    return tuple(others)


def _completed(found: Layout, lines: Sequence[str], path: Path, hints: Hints) -> Layout:
    known = found.format
    keys = frozenset(keys_of(lines)) if known.keys and known.records == "json" else frozenset()
    usual = keys & (known_keys(known) | {key for _, key in hints.keys}) if keys else keys
    splits = known.records
    if splits == "logfmt" or (splits == "json" and not has_several(lines)):
        splits = "lines"
    columns, delimiter = _columns(known, lines) if splits in ("csv", "fielded") else ((), ",")
    # Lines of traces between them have no level, and say nothing of whether records have one.
    dated = [line for line in lines if _DATED.match(line)] or lines
    choices = Choices(
        time_format=hints.time_format,
        keys=(*hints.keys, *_keys_of_columns(known, columns)),
        usual_keys=usual,
        levels_are_column=_has_text(found) and levels_are_column(dated),
        levels_are_late=_has_text(found) and levels_are_late(dated),
        framed=splits != "lines",
        hosts=hosts_of(lines) if known.name == "syslog" else None,
        columns=columns,
        delimiter=delimiter,
    )
    dates = fields_of(lines) if known.keys else lines
    timezone = None if hints.timezone is None else check_timezone(hints.timezone)
    return replace(
        found,
        choices=choices,
        times=TimeChoices(timezone, day_first(dates), *date_of(lines, path, hints)),
        splits=splits,
        constants={"host": hints.host, "service": hints.service},
        keep_ansi=hints.keep_ansi,
    )


def _has_text(found: Layout) -> bool:
    return any(known.name == ANYTHING for known in (found.format, *found.others))
