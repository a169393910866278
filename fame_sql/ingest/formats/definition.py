"""One format: what its file says, checked."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Any

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.warehouse.severities import patterns

_SAMPLES = re.compile(r"^\[\[samples\]\]", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


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


@dataclass(frozen=True)
class Format:
    """A format of logs.

    Parameters
    ----------
    name : str
        Its name, which is that of its file.
    description : str
        What writes such logs.
    detect : str
        A Python regular expression for the beginning of its lines.
    expected : str
        How a line looks, for the ``parse_error`` of those that do not.
    statement : str
        The SQL file with the SELECT that reads its lines.
    text : str
        The whole file, with its samples.
    """

    name: str
    description: str
    detect: str
    expected: str
    statement: str
    text: str = field(repr=False, default="")

    @property
    def select(self) -> str:
        """The SELECT that parses its lines, with the level words filled in."""
        return Template(sql.load(self.statement)).safe_substitute(patterns())

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Its lines and records, which are the tests of the format."""
        return tuple(_sample(given) for given in tomllib.loads(self.text).get("samples", ()))

    @cached_property
    def matches(self) -> re.Pattern[str]:
        """The compiled ``detect``."""
        return re.compile(self.detect)

    def share(self, lines: Sequence[str]) -> float:
        """Return the share of ``lines`` that look like this format."""
        return sum(self.matches.match(line) is not None for line in lines) / max(len(lines), 1)


def read_format(file: Traversable | Path) -> Format:
    """Read the file of a format, without its samples.

    Raises
    ------
    InputError
        If the file cannot be read or does not define a format.
    """
    name = file.name.removesuffix(".toml")
    try:
        text = file.read_text(encoding="utf-8")
        # Samples are most of the text, and only tests need them.
        head = text[: found.start()] if (found := _SAMPLES.search(text)) else text
        return _checked(name, tomllib.loads(head), text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, re.error) as error:
        raise InputError(f"{file} does not define a format ({error}): see 'fame formats'") from None


def _checked(name: str, given: Mapping[str, Any], text: str) -> Format:
    return Format(name=name, text=text, **given)


def _sample(given: Mapping[str, Any]) -> Sample:
    records = [json.loads(line) for line in given["records"].splitlines()]
    return Sample(given["lines"], records, given.get("year"))
