"""Text of logs on its way into messages: one line, without what a receiver would interpret."""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e0fff]"
)
_BLANKS = re.compile(r"\s+")

ELLIPSIS = "…"


def one_line(text: str | None, instead: str = "") -> str:
    """Return ``text`` on one line without control and invisible characters.

    Parameters
    ----------
    text : str or None
        Any text, as it was logged.
    instead : str
        What stands for a text of which nothing is left, such as ``(no message)``.
    """
    plain = _INVISIBLE.sub("", _ESCAPES.sub("", (text or "").replace("\r", "\n")))
    return _BLANKS.sub(" ", plain).strip() or instead


def cut(text: str, longest: int, units: str = "characters") -> str:
    """Return at most ``longest`` characters of ``text``, with an ellipsis if some are left out.

    Parameters
    ----------
    text : str
        Any text.
    longest : int
        The limit.
    units : {"characters", "utf-16", "bytes"}
        What the limit counts.
    """
    if _size(text, units) <= longest:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if _size(text[:middle] + ELLIPSIS, units) <= longest:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


def _size(text: str, units: str) -> int:
    if units == "utf-16":
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text.encode("utf-8", "surrogatepass")) if units == "bytes" else len(text)
