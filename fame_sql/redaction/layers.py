"""Texts inside texts: what a URL, JSON, XML or a shell has escaped, read as it was before.

The masks are written for plain text. A second look at the plain form finds what an escape hides
from them, and only what they replace changes in the text itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# All layers at once: '\\\"' and '%2522' stand for a quote, too.
_ESCAPE = re.compile(
    r"\\{1,7}(?:u00[2-7][0-9A-Fa-f]|x[2-7][0-9A-Fa-f]|[\"'/nrt])|%(?:25){0,3}[2-7][0-9A-Fa-f]|"
    r"&(?:amp;){0,3}(?:amp|lt|gt|quot|apos|#x[2-7][0-9A-Fa-f]|#[0-9]{2,3});"
)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_BLANKS = {"n": "\n", "r": "\r", "t": "\t"}
_PLACEHOLDER = re.compile(r"(<(?:secret|user|host|number|token|email|position|mac|ip|id)>)")


@dataclass(frozen=True)
class Plain:
    """A text without its escapes.

    Parameters
    ----------
    text : str
        The plain text.
    source : str
        The text that it was read from.
    starts : list of int
        Where each character of the plain text begins in the source, and the source's length.
    """

    text: str
    source: str
    starts: list[int]

    def put_back(self, masked: str) -> str:
        """Return the source with what was replaced in the masked plain text replaced.

        What stays is escaped as before. Read without escapes, the result is ``masked``.
        """
        kept: list[str] = []
        at = 0
        pieces = _PLACEHOLDER.split(masked)
        for number, piece in enumerate(pieces):
            if number % 2:
                kept.append(piece)
                continue
            is_last = number == len(pieces) - 1
            at = len(self.text) - len(piece) if is_last else self.text.find(piece, at)
            if at < 0:  # a mask that wrote something else than a placeholder
                return masked
            kept.append(self.source[self.starts[at] : self.starts[at + len(piece)]])
            at += len(piece)
        return "".join(kept)


def without_escapes(text: str) -> Plain | None:
    """Return a text without its escapes, or None if it has none."""
    if "%" not in text and "\\" not in text and "&" not in text:
        return None
    kept: list[str] = []
    starts: list[int] = []
    at = 0
    for escape in _ESCAPE.finditer(text):
        kept += (text[at : escape.start()], _character(escape.group()))
        starts += range(at, escape.start() + 1)
        at = escape.end()
    if not starts:
        return None
    return Plain("".join((*kept, text[at:])), text, [*starts, *range(at, len(text) + 1)])


def _character(escape: str) -> str:
    """Return the character that an escape stands for."""
    if escape[0] == "\\":
        name = escape.lstrip("\\")
        return _BLANKS.get(name) or (chr(int(name[1:], 16)) if len(name) > 1 else name)
    if escape[0] == "%":
        return chr(int(escape[-2:], 16))
    name = escape.rstrip(";").rpartition("&")[2].rpartition(";")[2]
    if name[0] != "#":
        return _NAMED[name]
    code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    return chr(code) if code < 127 else "?"
