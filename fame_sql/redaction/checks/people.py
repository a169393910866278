"""Whether a word is the name of a person or of an account."""

from __future__ import annotations

import re
from re import Match

from fame_sql.redaction.words import is_name, is_state, is_word, words


def account_value(match: Match[str]) -> bool:
    """Mask an account's name, not a state or the number of a system's account."""
    value = match.group(2)
    if value.isdigit():
        return len(value) >= 4 and not re.search(r"(?i)uid|[ _-]?id", match.group(1))
    if re.match(r"(?:com|org|net|io|java)\.", value):
        return False
    if value == "Client" and match.string[match.end() : match.end() + 2] == ' "':  # vsftpd
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


_ABOUT_ACCOUNTS = re.compile(
    r"(?i)\b(?:log[io]n|logon|log(?:ged)? (?:in|on|out|off)|sign\w*|auth\w*|access|account|user|"
    r"principal|password|permission|denied|granted|group|member|quota|session|job|queued?|e?-?mail|message|chat|"
    r"channel|invit\w+|comment|commit|pull request|merge|ticket|order|upload|download|own\w+|role|"
    r"privilege|sudo|su|ssh|ftp|kicked|banned|muted|player|opened|approved|rejected|assigned|"
    r"requested|submitted|delivered|sent|refused|caller|customer|employee|student|profile|contact|sudoers|workspace|delegate|team|role|shell)\b"
)


def unannounced_name(match: Match[str]) -> bool:
    """Mask a word that no technical text has, in a line about accounts."""
    return _is_unknown(match.group(2), 3) and _ABOUT_ACCOUNTS.search(match.string) is not None


_ABOUT_USERS = re.compile(
    r"(?i)(?<!<)\b(?:log[io]ns?|logon|logged|logout|sign(?:ed)? (?:in|on|out)|users?|accounts?|"
    r"passwords?|members?|groups?|roles?|sudoers|permissions?|sessions?|kicked|invited|profile|privileges?|delegate|"
    r"welcome|access|whoami)\b"
)
_SHORT = 4  # abbreviations of programs are as long


def name_in_line(match: Match[str]) -> bool:
    """Mask a word that no technical text has, in a line about users that is no command."""
    line = match.string
    return (
        _is_unknown(match.group(2), _SHORT)
        and _ABOUT_USERS.search(line) is not None
        and re.search(r"\s--?[a-z]", line) is None
    )


def _is_unknown(word: str, longer_than: int) -> bool:
    """Return whether some word in a name is in no technical text, and can be spoken."""
    unknown = [piece for piece in re.findall(r"[a-z]+", word.lower()) if not is_word(piece)]
    spoken = any(len(p) > longer_than and re.search(r"[aeiouy]", p) for p in unknown)
    return spoken and is_name(word)


def account_option(match: Match[str]) -> bool:
    """Mask what stands after an option for an account, whatever word it is, not a state."""
    name = match.group(2)
    return not is_state(name) and name.lower() not in words("system_accounts") and name[-1] != "-"


def account_last_word(match: Match[str]) -> bool:
    """Mask a name in one of several places."""
    return is_name(next(g for g in (match.group(2), match.group(4), match.group(6)) if g))
