"""What a load did, and which lines it kept although they did not parse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EXAMPLES = 3
"""How many lines that did not parse a report shows."""


@dataclass(frozen=True)
class ParseFault:
    """A line that was kept although it did not parse.

    Parameters
    ----------
    line_number : int
        Its number in the source, from 1.
    parse_error : str
        What was expected.
    excerpt : str
        How its body begins, as it came: not safe for a terminal.
    """

    line_number: int
    parse_error: str
    excerpt: str


@dataclass(frozen=True)
class IngestReport:
    """What a load did.

    Parameters
    ----------
    source_path, format, encoding : str
        The source and how it was read.
    rows, errors : int
        Rows added by this call, and how many of them carry a ``parse_error``.
    bytes_read : int
        Bytes read by this call, beyond those that were known.
    state : {'added', 'unchanged', 'grown'}
        Whether the source was new, known in full, or known in its beginning.
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
