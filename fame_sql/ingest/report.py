"""The report of a load, with examples of the lines that did not parse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EXAMPLES = 3
"""Maximum number of lines that did not parse in a report."""


@dataclass(frozen=True)
class ParseFault:
    """A line that did not parse; it is loaded anyway.

    Parameters
    ----------
    line_number : int
        Its number in the source, from 1.
    parse_error : str
        The expected format.
    excerpt : str
        The beginning of its body, unchanged, so not safe for a terminal.
    """

    line_number: int
    parse_error: str
    excerpt: str


@dataclass(frozen=True)
class IngestReport:
    """The report of a load.

    Parameters
    ----------
    source_path, format, encoding : str
        The source, its format and its encoding.
    rows, errors : int
        Rows added by this call, and how many of them have a ``parse_error``.
    bytes_read : int
        Bytes read by this call, without those that were loaded before.
    state : {'added', 'unchanged', 'grown'}
        Whether the source was new, loaded completely, or loaded in part.
    examples : tuple of ParseFault
        The first lines that did not parse.
    """

    source_path: str
    format: str
    encoding: str
    rows: int
    errors: int
    bytes_read: int
    state: Literal["added", "unchanged", "grown"]
    examples: tuple[ParseFault, ...] = ()
