"""Masking of the value beside a name, as in ``{"name": "DB_PASSWORD", "value": …}``."""

from __future__ import annotations

import re

from fame_sql.redaction.words import is_made_of_words, is_opaque, is_state, names_secret

_QUOTES = r"[\"'\\]{0,6}"
_NAME = re.compile(
    rf"(?i)\b(?:[a-z_]{{0,20}}(?:name|key|field|property|variable|column|attr(?:ibute)?|setting|option|"
    rf"path|param(?:eter)?)(?:_?id)?|k|id|type)(?![\w.-]){_QUOTES}\s?[:=]\s?{_QUOTES}/?([\w.:/-]{{1,60}})"
)
# The next pair of the same object.
_PAIR = re.compile(
    rf"(?:\\n|[\s,;\"'\\<>-]|\s/){{0,16}}([\w.-]{{1,40}}){_QUOTES}\s?[:=]\s?"
    r"(\\{0,6}\"[^\"\n]{0,400}|'[^'\n]{0,400}|[^\s,;\"'})\]<>]{1,400})"
)
_HOLDS = re.compile(
    r"(?i)(?:.*value|v|val|old|new|before|after|content|data|default|text|example|current|desired)\Z"
)
_PIN = re.compile(r"(?i)(?:^|[_.-])(?:pin|otp)\Z")
_MOST_PAIRS = 6
_SHORT_NUMBER = 4


def mask_siblings(text: str) -> tuple[str, int]:
    """Return a text with the values beside names of secrets masked, and how many."""
    kept: list[str] = []
    end = masked = 0
    for name in _NAME.finditer(text):
        is_pin = _PIN.search(name[1]) is not None
        if name.start() < end or not (names_secret(name[1]) or is_pin):
            continue
        for start, stop in _values(text, name.end(), is_pin=is_pin):
            kept += (text[end:start], "<secret>")
            end = stop
            masked += 1
    return ("".join((*kept, text[end:])), masked) if masked else (text, 0)


def _values(text: str, at: int, *, is_pin: bool) -> list[tuple[int, int]]:
    """Return where the values lie that stand in one object with a name."""
    found: list[tuple[int, int]] = []
    for _ in range(_MOST_PAIRS):
        pair = _PAIR.match(text, at)
        if pair is None:
            break
        at = pair.end()
        start = at - len(pair[2].lstrip("\\\"'"))
        stop = start + len(text[start:at].rstrip("\\"))
        holds = _HOLDS.match(pair[1]) is not None
        if _is_secret(text[start:stop], holds=holds, is_pin=is_pin):
            found.append((start, stop))
    return found


def _is_secret(value: str, *, holds: bool, is_pin: bool) -> bool:
    if not value or value[0] in "<{[" or is_state(value):
        return False
    if value.isdigit() and len(value) < _SHORT_NUMBER:
        return False
    if is_pin:
        return holds and re.fullmatch(r"[0-9]{4,8}", value) is not None
    return holds or (is_opaque(value) and not is_made_of_words(value))
