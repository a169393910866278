"""Keys that name a secret and hide a letter in an escape, such as ``p%61ssword``."""

from __future__ import annotations

import re

from fame_sql.redaction.words import secrecy

_HEX = "(?:[46][1-9A-Fa-f]|[57][0-9Aa])"
_LETTER = rf"%{_HEX}|\\{{1,2}}u00{_HEX}|&#(?:x{_HEX}|[0-9]{{2,3}});"
_ESCAPED = re.compile(_LETTER)
_KEY = re.compile(rf"(?<![\w.-])[\w.-]{{0,40}}+(?:(?:{_LETTER})[\w.-]{{0,40}}+){{1,20}}")


def with_plain_keys(text: str) -> str:
    """Return a text in which the keys of secrets are written without escaped letters.

    Nothing else is decoded, so that what has no such key stays as it is.
    """
    if _ESCAPED.search(text) is None:
        return text
    return _KEY.sub(_plain, text)


def _plain(match: re.Match[str]) -> str:
    key = _ESCAPED.sub(_letter, match.group())
    return key if secrecy(key) is not None else match.group()


def _letter(match: re.Match[str]) -> str:
    escape = match.group()
    is_decimal = escape[:2] == "&#" and escape[2] != "x"
    code = int(escape[2:-1]) if is_decimal else int(escape.rstrip(";")[-2:], 16)
    letter = chr(code)
    return letter if letter.isascii() and letter.isalnum() else escape
