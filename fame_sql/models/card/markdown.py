"""Untrusted text in Markdown: shown literally, never interpreted.

The name of a domain cannot end a table cell, open a tag, create a link or an image, or become
invisible: a renderer for CommonMark and GitHub's tables shows its characters and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

LONGEST = 120
"""Maximum number of characters of one piece of text."""

# Syntax of tables, code and HTML becomes entities, since not every renderer supports escaping it.
_SIGNS = {sign: f"&#{ord(sign)};" for sign in "\\`|<>&"} | {
    sign: f"\\{sign}" for sign in "*_[]()!#$@~:^{}"
}

_WITHIN_WORD = re.compile(r"(?<=[^\W_])\\_(?=[^\W_])")
_ADDRESS = re.compile(r"(?i)(?<=www)\.")


def inline(text: str, longest: int = LONGEST) -> str:
    r"""Return Markdown that shows a text literally on one line.

    Parameters
    ----------
    text : str
        Anything; control and invisible characters are shown as escapes such as ``\x1b``.
    longest : int
        Maximum number of characters; an ellipsis marks a cut.
    """
    visible = "".join(_visible(sign) for sign in text)
    cut = visible if len(visible) <= longest else visible[: longest - 1] + "…"
    escaped = "".join(_SIGNS.get(sign, sign) for sign in " ".join(cut.split()))
    return _ADDRESS.sub("\\\\.", _WITHIN_WORD.sub("_", escaped))


def _visible(sign: str) -> str:
    """Return a character, or its escape if it is invisible or would break the line."""
    if sign == " " or unicodedata.category(sign)[0] not in "CZ":
        return sign
    return sign.encode("unicode_escape").decode()


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table with cells in Markdown."""
    heading = [_row(columns), _row(["---"] * len(columns))]
    return [*heading, *(_row(row) for row in rows), ""]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
