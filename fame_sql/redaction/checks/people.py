"""Whether a word is the name of a person or of an account."""

from __future__ import annotations

import re
from re import Match

from fame_sql.redaction.words import is_name, is_state, words


def account_value(match: Match[str]) -> bool:
    """Mask an account's name, not a state or the number of a system's account."""
    value = match.group(2)
    if value.isdigit():
        return len(value) >= 4 and not re.search(r"(?i)uid|[ _-]?id", match.group(1))
    if re.match(r"(?:com|org|net|io|java)\.", value):
        return False
    return not is_state(value) and value.lower() not in words("system_accounts")


def person_name(match: Match[str]) -> bool:
    """Mask names of people, not a state, a team's program or a class."""
    first = match.group(2).split(" ")[0].rstrip(".").lower()
    return not is_state(first) and is_name(first) and "." not in first


def account_word(match: Match[str]) -> bool:
    """Mask a name after ``user``, not the next word of a sentence."""
    return is_name(match.group(2))


def account_place(match: Match[str]) -> bool:
    """Mask a name at its place in a line, not a job's identifier or a class."""
    name = match.group(2)
    return is_name(name) and not re.search(r"_[0-9]|[0-9]{5}|[a-z][A-Z]|-\Z", name)


def account_last_word(match: Match[str]) -> bool:
    """Mask a name in one of several places."""
    return is_name(next(g for g in (match.group(2), match.group(4), match.group(6)) if g))
