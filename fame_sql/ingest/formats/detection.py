"""Which format a source has, from its first lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fame_sql.errors import InputError
from fame_sql.ingest.formats.definition import Format
from fame_sql.ingest.formats.library import known_formats

SAMPLE_LINES = 1000
"""Number of lines from which the format is detected."""


def choose_format(name: str, path: Path, head: bytes) -> Format:
    """Return the format called ``name``, or for ``auto`` the format of most lines.

    Parameters
    ----------
    name : str
        The name of a format, or ``auto``.
    path : Path
        The source, for the message.
    head : bytes
        The beginning of the source, in UTF-8.

    Raises
    ------
    InputError
        If there is no such format, or no line of ``head`` has it.
    """
    formats = known_formats()
    if name not in {"auto", *formats}:
        raise InputError(
            f"unknown format {name!r}: use --format with auto or one of {', '.join(formats)}"
        )
    lines = sample(head)
    likely = _detect(formats, lines)
    if name == "auto":
        return likely
    if formats[name].share(lines) == 0:
        raise InputError(
            f"none of the first {len(lines)} lines of {path} has the format {name}: "
            f"run again with --format {likely.name}, which was detected"
        )
    return formats[name]


def _detect(formats: Mapping[str, Format], lines: Sequence[str]) -> Format:
    *certain, anything = formats.values()
    best = max(certain, key=lambda known: known.share(lines))
    return best if best.share(lines) >= 0.5 else anything


def sample(head: bytes) -> list[str]:
    """Return the first lines of a source that are not blank."""
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = (line[:4096] for line in text.split("\n") if line.strip())
    return [line for line, _ in zip(lines, range(SAMPLE_LINES), strict=False)]
