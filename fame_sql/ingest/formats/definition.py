"""One format: what its file says, checked."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from fame_sql.errors import InputError

_SAMPLES = re.compile(r"^\[\[samples\]\]", re.MULTILINE)

CONTINUATIONS = ("any", "traces", "none")
"""What may continue a record: any line without a header, stack traces alone, or nothing."""


@dataclass(frozen=True)
class Sample:
    """Lines of a format and the records that they must give.

    Parameters
    ----------
    lines : str
        The lines, each with its end.
    records : sequence of mapping
        For each record some of its columns and their values.
    year : int, optional
        The year of times without one.
    """

    lines: str
    records: Sequence[Mapping[str, Any]]
    year: int | None = None


@dataclass(frozen=True, eq=False)
class Format:
    """A format of logs.

    Parameters
    ----------
    name : str
        Its name, which is that of its file.
    description : str
        What writes such logs.
    expected : str
        How a record looks, for the ``parse_error`` of those that do not.
    detect : str
        A regular expression for the beginning of its lines; by default ``pattern``.
    accepts : str
        A regular expression for the beginning of further lines that it can read; they are no
        evidence for it.
    pattern : str
        A regular expression with groups that are named like columns of ``fame.logs``. All other
        groups are attributes, but ``timezone``, which is a zone of the IANA database or, as in
        ``+060``, minutes.
    statement : str
        The SQL file with the SELECT that reads its lines, for formats that come with fame-sql.
    keys : mapping of str to list of str
        For records that are objects: for each column the keys that can hold it, best first.
    extends : str
        The format whose keys it has too, after its own.
    records : str
        What makes records of lines, a name in :mod:`fame_sql.ingest.records`.
    columns : sequence of str
        The columns of a table without a header.
    time_formats : sequence of str
        How the group ``timestamp`` is written, in the codes of ``strptime``; by default any usual
        way.
    levels : mapping of str to str
        Level words for what the group ``severity_text`` holds.
    values : mapping of str to str
        Columns with a constant value.
    continuation : str
        Which lines without a header continue the record before; see :data:`CONTINUATIONS`.
    mixes : bool
        Whether lines of this format may stand between those of another.
    envelope : bool
        Whether its records hold lines of other formats.
    text : str
        The whole file, with its samples.
    """

    name: str
    description: str
    expected: str
    detect: str = ""
    accepts: str = ""
    pattern: str = ""
    statement: str = ""
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict, hash=False)
    extends: str = ""
    records: str = "lines"
    columns: Sequence[str] = ()
    time_formats: Sequence[str] = ()
    levels: Mapping[str, str] = field(default_factory=dict, hash=False)
    values: Mapping[str, str] = field(default_factory=dict, hash=False)
    continuation: str = "traces"
    mixes: bool = True
    envelope: bool = False
    text: str = field(repr=False, default="", hash=False)

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Its lines and records, which are the tests of the format."""
        return tuple(_sample(given) for given in tomllib.loads(self.text).get("samples", ()))

    @cached_property
    def matches(self) -> re.Pattern[str]:
        """The compiled ``detect``."""
        return re.compile(self.detect or self.pattern)

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups of its pattern, in their order."""
        return tuple(re.compile(self.pattern).groupindex)


def read_format(file: Traversable | Path) -> Format:
    """Read the file of a format, without its samples.

    Raises
    ------
    InputError
        If the file cannot be read or does not define a format.
    """
    try:
        text = file.read_text(encoding="utf-8")
        # Samples are most of the text, and only tests need them.
        head = text[: found.start()] if (found := _SAMPLES.search(text)) else text
        return _checked(file.name.removesuffix(".toml"), tomllib.loads(head), text)
    except (OSError, ValueError, TypeError, re.error) as error:
        raise InputError(
            f"{file} does not define a format: {error}; see 'fame formats show klog'"
        ) from None


def read_own_format(file: Path) -> Format:
    """Read the file of a format that a user has written.

    Raises
    ------
    InputError
        If it does not define a format, or one with an expression that RE2 cannot run.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = read_format(file)
    for pattern in (known.pattern, known.detect, known.accepts):
        try:
            pc.match_substring_regex(pa.array([""]), pattern)
        except pa.ArrowInvalid as error:
            raise InputError(
                f"{file} does not define a format: DuckDB cannot run {pattern!r}, {error}; write "
                "it in the syntax of RE2, which has no look-around and no back-references"
            ) from None
    return known


def _checked(name: str, given: Mapping[str, Any], text: str) -> Format:
    allowed = [one.name for one in fields(Format) if one.name not in {"name", "text"}]
    if unknown := sorted(set(given) - set(allowed)):
        raise ValueError(f"{unknown[0]!r} is not one of {', '.join(allowed)}")
    given = {
        key: tuple(value) if isinstance(value, list) else value for key, value in given.items()
    }
    known = Format(name=name, text=text, **given)
    compiled = re.compile(known.pattern)
    if compiled.groups != len(compiled.groupindex):
        raise ValueError("a group without a name in its pattern: write (?:...) or (?P<name>...)")
    if known.continuation not in CONTINUATIONS:
        raise ValueError(f"continuation is {known.continuation!r}: use {', '.join(CONTINUATIONS)}")
    if not (known.pattern or known.statement or known.keys or known.extends or known.envelope):
        raise ValueError("it has neither a pattern nor keys")
    known.matches.match("")
    return known


def _sample(given: Mapping[str, Any]) -> Sample:
    records = [json.loads(line) for line in given["records"].splitlines()]
    return Sample(given["lines"], records, given.get("year"))
