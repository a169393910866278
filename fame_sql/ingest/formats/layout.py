"""How one source is read: its format, what else stands between its lines, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from fame_sql.ingest.formats.definition import Format
from fame_sql.ingest.formats.documents import other_keys
from fame_sql.ingest.formats.statements import Choices, select
from fame_sql.ingest.times import TimeChoices
from fame_sql.sql.quoting import literal

DATED = (
    r"\W?(?:[A-Z]{4,8}\W{1,3}|[a-z]{3,9}\]\s)?(?:[A-Za-zÀ-ɏ]{2,9}\.?,? +)?"
    r"(?:\d{1,4}[-/. ](?:\d{1,2}|[A-Za-zÀ-ɏ]{3,9})\.?[-/. ]\d{1,4}"
    r"|[A-Za-zÀ-ɏ]{3,9}\.? {1,2}\d{1,2}\b|\d{2}[-/]\d{2}|\d{6,8}|\d{10}\b)"
    r"[T ,:_-]{0,3}(?:\d{1,2}:\d{1,2}|\d{3})"
)
"""The beginning of a line with a date and a time, maybe after a level."""


@dataclass(frozen=True)
class Layout:
    """How the lines of a source become records.

    Parameters
    ----------
    format : Format
        The format of the source.
    envelope : Format, optional
        The format around its lines, such as that of a container runtime.
    special : tuple of Format
        Formats of lines that the format would read as well, but with less in their columns.
    others : tuple of Format
        Formats of lines that stand between those of the format; the first that fits is taken.
    choices : Choices
        What the statements need beside the formats.
    times : TimeChoices
        What its times do not say themselves.
    splits : str
        What makes records of its lines, a name in :mod:`fame_sql.ingest.records`.
    continuation : str
        Which lines without a header continue the record before.
    constants : mapping
        The ``host`` and the ``service`` of records that name none.
    keep_ansi : bool
        Whether lines with colours are kept in the attribute ``ansi``.
    joins_all : bool
        Whether the user wants every line without a header joined to the record before, also to one
        that an earlier load has read.
    outer_keys : mapping
        For objects whose messages are lines: the keys of each column.
    reason : str
        Why the format was taken, for people.
    """

    format: Format
    envelope: Format | None = None
    special: tuple[Format, ...] = ()
    others: tuple[Format, ...] = ()
    choices: Choices = field(default_factory=Choices)
    times: TimeChoices = field(default_factory=TimeChoices)
    splits: str = "lines"
    continuation: str = "traces"
    constants: Mapping[str, str | None] = field(
        default_factory=lambda: {"host": None, "service": None}, hash=False
    )
    keep_ansi: bool = False
    joins_all: bool = False
    outer_keys: Mapping[str, Sequence[str]] = field(default_factory=dict, compare=False)
    reason: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The name of its format."""
        return self.format.name if self.envelope is None else self.envelope.name

    @property
    def settings(self) -> dict[str, Any]:
        """What makes records of its lines needs to know."""
        return {
            "columns": self.choices.columns,
            "delimiter": self.choices.delimiter,
            "header": self.format.detect,
            "outside": self.envelope.records if self.envelope else "",
            "keys": self.outer_keys,
        }

    @property
    def without_usual_keys(self) -> Layout:
        """The layout without what only makes its statement faster."""
        if not self.choices.usual_keys:
            return self
        return replace(self, choices=replace(self.choices, usual_keys=frozenset()))

    @property
    def other_keys(self) -> str | None:
        """A condition on ``line``: none of the lines for which it is false has an unusual key.

        It is None if there is no faster statement for sources without unusual keys.
        """
        choices = self.choices
        if self.others or self.special or choices.framed or not choices.usual_keys:
            return None
        return other_keys(self.format, choices.keys, choices.usual_keys)

    @property
    def without_other_keys(self) -> Layout:
        """The layout for lines of which none has an unusual key."""
        return replace(self, choices=replace(self.choices, has_others=False))

    @property
    def grows(self) -> bool:
        """Whether the last record of a source is read again when the source has grown."""
        return self.joins_all or self.splits != "lines"

    @property
    def header(self) -> str:
        """The regular expression of lines that begin a record, readable or not."""
        known = self.format.detect or self.format.pattern or DATED
        return f"^(?:{known})"

    @cached_property
    def select(self) -> str:
        """The SELECT that reads ``raw_lines``, with the column ``parser``."""
        if not self.others and not self.special:
            return _named(self.format, self.choices)
        cases = " ".join(
            f"WHEN {_begins(known)} THEN {number}" for number, known in enumerate(self._parts, 1)
        )
        parts = [
            f"(WITH raw_lines AS (SELECT * EXCLUDE (part) FROM sorted_lines WHERE part = {number}) "
            f"{_named(known, self.choices)})"
            for number, known in enumerate((self.format, *self._parts))
        ]
        sorted_lines = f"SELECT *, CASE {cases} ELSE 0 END AS part FROM raw_lines"
        return f"WITH sorted_lines AS ({sorted_lines}) {' UNION ALL BY NAME '.join(parts)}"

    @property
    def _parts(self) -> tuple[Format, ...]:
        """The formats that are looked for; the main one is not if it accepts any line."""
        main = (self.format,) if self.format.detect or self.format.pattern else ()
        return (*self.special, *main, *self.others)


def with_usual_keys(layouts: Sequence[Layout]) -> Layout:
    """Return the layout of sources whose layouts differ in nothing but the usual keys."""
    first = layouts[0]
    every = [layout.choices.usual_keys for layout in layouts]
    keys = frozenset().union(*every) if all(every) else frozenset()
    if keys == first.choices.usual_keys:
        return first
    return replace(first, choices=replace(first.choices, usual_keys=keys))


def _named(known: Format, choices: Choices) -> str:
    return f"SELECT *, {literal(known.name)} AS parser FROM (\n{select(known, choices)}\n)"


def _begins(known: Format) -> str:
    patterns = [one for one in (known.detect or known.pattern, known.accepts) if one]
    return f"regexp_matches(line, {literal('^(?:' + '|'.join(patterns) + ')')})"
