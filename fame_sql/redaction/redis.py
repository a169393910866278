"""Masking of the values that a command of Redis stores under a name of a secret."""

from __future__ import annotations

import re

from fame_sql.redaction.words import is_opaque, is_state, secrecy

_COMMAND = re.compile(
    r"(?<![\w-])(?:(?i:hset|hsetnx|hmset|mset|msetnx|setnx|setex|psetex|getset)"
    r"|SET|APPEND|LPUSH|RPUSH|XADD)(?=\"?\s)"
)
_ARGUMENT = re.compile(r"\"?\s{1,3}(?:\"((?:[^\"\\\n]|\\.){0,256}+)\"?|([^\s\"]{1,256}+))")
_ONE_TIME = re.compile(r"(?i)(?:^|[:_.-])(?:otp|pin|code|2fa|mfa)(?:[:_.-]|\Z)")
_OPTIONS = ("EX", "PX", "EXAT", "PXAT", "NX", "XX", "KEEPTTL", "GET")
_MOST_ARGUMENTS = 24


def mask_redis(text: str) -> tuple[str, int]:
    """Return a text with what Redis stores under secret names masked, and how often."""
    kept: list[str] = []
    end = masked = 0
    for command in _COMMAND.finditer(text):
        if command.start() < end:
            continue
        for start, stop in _values(text, command.end()):
            kept += (text[end:start], "<secret>")
            end = stop
            masked += 1
    return ("".join((*kept, text[end:])), masked) if masked else (text, 0)


def _values(text: str, at: int) -> list[tuple[int, int]]:
    """Return where the values of secret names lie."""
    found: list[tuple[int, int]] = []
    kind: str | None = None
    is_one_time = False
    for _ in range(_MOST_ARGUMENTS):
        argument = _ARGUMENT.match(text, at)
        if argument is None:
            break
        at = argument.end()
        word = argument[argument.lastindex or 0]
        if word == "=":  # SQL
            break
        if word[0:1] == "<":
            kind = None
            continue
        is_code = is_one_time and re.fullmatch(r"[0-9]{4,8}", word) is not None
        if is_code and not _is_lifetime(text, at):
            found.append(argument.span(argument.lastindex or 0))
        elif kind is not None and not word.isdigit():
            is_secret = _is_secret(word, kind)
            if is_secret:
                found.append(argument.span(argument.lastindex or 0))
            kind = None if is_secret else secrecy(word)
        elif not word.isdigit():  # a lifetime
            kind = secrecy(word)
            is_one_time = _ONE_TIME.search(word) is not None
    return found


def _is_lifetime(text: str, at: int) -> bool:
    """Return whether a value follows, so that a number is how long it lives."""
    following = _ARGUMENT.match(text, at)
    return following is not None and following[following.lastindex or 0] not in _OPTIONS


def _is_secret(word: str, kind: str) -> bool:
    return not is_state(word) and (kind == "strong" or is_opaque(word))
