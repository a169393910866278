"""Text from logs and language models in Markdown: shown as it is, never interpreted.

Whatever a domain is called, it cannot end a table's cell, open a tag, make a link or an image, or
hide itself: a renderer that knows CommonMark and GitHub's tables shows its letters and no more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

LONGEST = 120
"""Characters of one piece of text that are shown."""

# As entities: what tables, code and HTML are made of, which not every renderer lets be escaped.
_SIGNS = {sign: f"&#{ord(sign)};" for sign in "\\`|<>&"} | {
    sign: f"\\{sign}" for sign in "*_[]()!#$@~:^{}"
}

_WITHIN_WORD = re.compile(r"(?<=[^\W_])\\_(?=[^\W_])")
_ADDRESS = re.compile(r"(?i)(?<=www)\.")


def inline(text: str, longest: int = LONGEST) -> str:
    r"""Return text that a renderer shows literally, on one line.

    Parameters
    ----------
    text : str
        Anything; control and invisible characters are shown as escapes such as ``\x1b``.
    longest : int
        Characters that are shown; what is cut off is marked.
    """
    visible = "".join(_visible(sign) for sign in text)
    cut = visible if len(visible) <= longest else visible[: longest - 1] + "…"
    escaped = "".join(_SIGNS.get(sign, sign) for sign in " ".join(cut.split()))
    return _ADDRESS.sub("\\\\.", _WITHIN_WORD.sub("_", escaped))


def _visible(sign: str) -> str:
    """Return a character, or its escape where it would not be seen or would break the line."""
    if sign == " " or unicodedata.category(sign)[0] not in "CZ":
        return sign
    return sign.encode("unicode_escape").decode()


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose cells are Markdown already."""
    heading = [_row(columns), _row(["---"] * len(columns))]
    return [*heading, *(_row(row) for row in rows), ""]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
