"""Records of columns: CSV with quoted line ends, and logs whose header names their fields."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fame_sql.ingest.records.record import Line, Record

DELIMITERS = (",", ";", "\t", "|")

_MOST_LINES = 10_000
_NAME = re.compile(r"[A-Za-z_@#][\w .@#/()\[\]:%-]{0,60}")
_UNIT = re.compile(r"\s*[\[(].*")


def header_of(lines: Sequence[str], known: frozenset[str]) -> tuple[tuple[str, ...], str] | None:
    """Return the columns and the delimiter of a table with a header, or None.

    Parameters
    ----------
    lines : sequence of str
        The first lines.
    known : frozenset of str
        The names of columns of which a log has at least one, in small letters.
    """
    if len(lines) < 2:
        return None
    for delimiter in DELIMITERS:
        names = _fields(lines[0], delimiter)
        if len(names) < 3 or len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
            continue
        if sum(plain_name(name) in known for name in names) >= 2 and _fits(
            lines, delimiter, len(names)
        ):
            return tuple(names), delimiter
    return None


def _fits(lines: Sequence[str], delimiter: str, width: int) -> bool:
    numbered = [Line(line, number, 0, None) for number, line in enumerate(lines, 1)]
    rows = [row for row, _ in _rows(numbered, delimiter)][:50]
    # Some programs end each row with a delimiter.
    fitting = sum(len(row) >= width and not any(row[width:]) for row in rows)
    return fitting >= 0.8 * len(rows)


def plain_name(name: str) -> str:
    """Return the name of a column in small letters, without a unit such as ``[UTC]``."""
    return _UNIT.sub("", name).strip().lower().replace(" ", "_")


def csv_records(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the rows of a table as objects; the header is no record."""
    columns = tuple(settings.get("columns", ()))
    delimiter = settings.get("delimiter", ",")
    for row, held in _rows(lines, delimiter):
        if tuple(row) == columns:
            continue
        document = None
        if len(row) >= min(len(columns), 2):
            pairs = zip(columns, row, strict=False)
            document = _object((name, value) for name, value in pairs if value != "")
        yield Record.of_lines(held, document)


def _rows(lines: Iterable[Line], delimiter: str) -> Iterator[tuple[list[str], list[Line]]]:
    """Yield the fields of each row with its lines; a quoted line end belongs to its field."""
    held: list[Line] = []
    for line in lines:
        held.append(line)
        quotes = sum(one.text.count('"') for one in held[-1:])
        open_quote = (quotes % 2 == 1) != (len(held) > 1 and _is_open(held[:-1]))
        if open_quote and len(held) < _MOST_LINES:
            continue
        yield _fields("\n".join(one.text for one in held), delimiter), held
        held = []
    if held:
        yield _fields("\n".join(one.text for one in held), delimiter), held


def _is_open(held: Sequence[Line]) -> bool:
    return sum(line.text.count('"') for line in held) % 2 == 1


def _fields(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return [text]


def fielded_records(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the lines of a W3C or Zeek log as objects; lines with '#' name the fields."""
    columns, delimiter = tuple(settings.get("columns", ())), settings.get("delimiter", " ")
    day = ""
    for line in lines:
        if line.text.startswith("#"):
            columns, delimiter = fields_named(line.text) or (columns, delimiter)
            day = _day_of(line.text) or day
            yield Record.of_line(line, _object([("message", line.text)]))
            continue
        row = _row(line.text, delimiter)
        pairs = [
            (n, v) for n, v in zip(columns, row, strict=False) if v not in ("-", "(empty)", "")
        ]
        yield Record.of_line(
            line, _object(_with_time(pairs, day)) if len(row) == len(columns) else None
        )


def fields_named(line: str) -> tuple[tuple[str, ...], str] | None:
    """Return the fields that a line with '#' names, and what separates them."""
    if line.startswith("#fields\t"):
        return tuple(line.split("\t")[1:]), "\t"
    if line.startswith("#Fields:"):
        named = line.removeprefix("#Fields:").strip()
        if "," in named and " " not in named:
            return tuple(named.split(",")), ","
        return tuple(named.split()), " "
    return None


def _row(text: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return _words(text)
    return text.split("\t") if delimiter == "\t" else _fields(text, delimiter)


def _words(text: str) -> list[str]:
    if '"' not in text:
        return text.split()
    try:
        return shlex.split(text, posix=True)
    except ValueError:
        return text.split()


def _day_of(directive: str) -> str:
    """Return the day that a line such as '#Date: 2024-05-06 07:08:09' names."""
    found = re.match(r"#Date:\s*(\d{4}-\d\d-\d\d)", directive)
    return found[1] if found else ""


def _with_time(pairs: list[tuple[str, str]], day: str) -> Iterator[tuple[str, str]]:
    """Yield fields, with the date and the time of W3C as one, which is in UTC."""
    given = dict(pairs)
    if day:
        given.setdefault("date", day)
    if "date" in given and "time" in given:
        yield "timestamp", f"{given['date']} {given['time']}Z"
        pairs = [pair for pair in pairs if pair[0] not in ("date", "time")]
    yield from pairs


def _object(pairs: Iterable[tuple[str, str]]) -> str:
    return json.dumps(dict(pairs), ensure_ascii=False)
