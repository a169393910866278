"""The supported formats: a pattern to detect each of them, and a SELECT to parse it.

``sql/ingest/<name>.sql`` selects the columns of the format from ``raw_lines`` (``line``,
``line_number``, ``byte_offset``, ``fault``). To add a format, add this file and an entry to
:data:`FORMATS`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.warehouse.severities import patterns

SAMPLE_LINES = 1000
"""Number of lines from which the format is detected."""


@dataclass(frozen=True)
class Format:
    """A format of log lines.

    Parameters
    ----------
    name : str
        Its name, also that of its SQL file.
    pattern : str
        A Python regular expression for the beginning of its lines.
    """

    name: str
    pattern: str

    @property
    def select(self) -> str:
        """The SELECT that parses its lines, with the level words filled in."""
        return Template(sql.load(f"ingest/{self.name}")).safe_substitute(patterns())

    def share(self, lines: Sequence[str]) -> float:
        """Return the share of ``lines`` that look like this format."""
        matches = re.compile(self.pattern).match
        return sum(matches(line) is not None for line in lines) / max(len(lines), 1)


FORMATS = {
    known.name: known
    for known in (
        Format("bgl", r"\S+ \d+ \S+ \S+ \d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d\S* \S+ \S+ \S+ \S+"),
        Format("thunderbird", r"\S+ \d+ \S+ \S+ [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \S+"),
        Format("jsonl", r'[ \t]*\{\s*["}]'),
        Format("rfc5424", r"<\d{1,3}>\d{1,2} (-|\d{4}-\d\d-\d\dT\S+) \S+ \S+ \S+ \S+ (-( |$)|\[)"),
        Format(
            "syslog",
            r"(<\d{1,3}>)?[A-Z][a-z]{2} {1,2}\d{1,2} (\d{4} )?\d\d:\d\d:\d\d(\.\d+)? (?!\d{4}\b)\S"
            r"|(<\d{1,3}>)?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*(Z|[+-]\d\d:\d\d) (?![A-Z]+ )[\w.-]+ "
            r"[^\s\[\]:]+(\[\d+\])?: ",
        ),
        Format(
            "access", r'(\S+ )?\S+ \S+ \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "'
        ),
        Format("klog", r"[IWEF](\d{4})?\d{4} \d\d:\d\d:\d\d\.\d{1,6} +\d+ \S+:\d+\]"),
        Format("text", r""),
    )
}
"""The formats by name; the last one accepts any line."""


def choose_format(name: str, path: Path, head: bytes) -> Format:
    """Return the format called ``name``, or for ``auto`` the format of most lines.

    Parameters
    ----------
    name : str
        A key of :data:`FORMATS`, or ``auto``.
    path : Path
        The source, for the message.
    head : bytes
        The beginning of the source, in UTF-8.

    Raises
    ------
    InputError
        If there is no such format, or no line of ``head`` has it.
    """
    if name not in {"auto", *FORMATS}:
        raise InputError(
            f"unknown format {name!r}: use --format with auto or one of {', '.join(FORMATS)}"
        )
    lines = _sample(head)
    likely = _detect(lines)
    if name == "auto":
        return likely
    if FORMATS[name].share(lines) == 0:
        raise InputError(
            f"none of the first {len(lines)} lines of {path} has the format {name}: "
            f"run again with --format {likely.name}, which was detected"
        )
    return FORMATS[name]


def _detect(lines: Sequence[str]) -> Format:
    *certain, anything = FORMATS.values()
    best = max(certain, key=lambda known: known.share(lines))
    return best if best.share(lines) >= 0.5 else anything


def _sample(head: bytes) -> list[str]:
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = (line[:4096] for line in text.split("\n") if line.strip())
    return [line for line, _ in zip(lines, range(SAMPLE_LINES), strict=False)]
