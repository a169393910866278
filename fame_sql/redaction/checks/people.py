"""Whether a word is the name of a person or of an account."""

from __future__ import annotations

import re
from re import Match

from fame_sql.redaction.commands import is_program
from fame_sql.redaction.words import (
    is_given_name,
    is_name,
    is_state,
    is_word,
    secrecy,
    words,
)


def account_value(match: Match[str]) -> bool:
    """Mask an account's name, not a state or the number of a system's account."""
    value = match.group(2)
    if value.isdigit():
        return len(value) >= 4 and not re.search(r"(?i)uid|[ _-]?id", match.group(1))
    if re.match(r"(?:com|org|net|io|java)\.", value):
        return False
    if re.search(r"(?i)\brole\W", match.group(1)) and is_word(value.lower()):
        return False
    if all(part in words("system_accounts") for part in value.lower().split(":")):
        return False
    if value == "Client" and match.string[match.end() : match.end() + 2] == ' "':  # vsftpd
        return False
    if match.group(1).endswith(": ") and _SAYS_A_STATE.match(match.string[match.end(1) :]):
        return False
    return not is_state(value) and value.lower() not in words("system_accounts")


_SAYS_A_STATE = re.compile(
    r"[a-z]{2,20}(?:ed|ing|able|ible)\b(?![\w.@-])|"
    r"[a-z]{3,20} (?:denied|failed|expired|exceeded|required|not|is|was|error|refused|rejected)\b"
)


def person_name(match: Match[str]) -> bool:
    """Mask names of people, not a state, a team's program or a class."""
    first, *rest = (word.rstrip(".") for word in match.group(2).split(" "))
    known = not is_name(first.lower()) and not any(map(is_name, rest))
    return not is_state(first.lower()) and not known and "." not in first


def given_name(match: Match[str]) -> bool:
    """Mask a given name with a family name, and an initial with one, not a file or a member."""
    initial = match.group(4)
    if initial is not None:
        return not is_word(initial) and initial not in words("not_hosts")
    name = next(group for group in match.groups() if group)
    ending = re.split(r"[._-]", match.group())[-1].lower()
    return is_given_name(name.lower()) and ending not in words("not_hosts")


def account_last(match: Match[str]) -> bool:
    """Mask the account in the last group, not one of the system."""
    return match.group(match.lastindex or 0).lower() not in words("system_accounts")


def mentioned(match: Match[str]) -> bool:
    """Mask a name behind an @, not an annotation."""
    name = match.group(2)
    return re.fullmatch(r"[UW][A-Z0-9]{6,12}", name) is not None or (
        name[0].islower() and is_name(name)
    )


def account_not_key(match: Match[str]) -> bool:
    """Mask the account before a password, not the key of one."""
    name = match.group(2)
    return secrecy(name) is None and account_option(match) and not is_word(name)


def owned_device(match: Match[str]) -> bool:
    """Mask a device with the name of a person."""
    name = match.group(1).lower()
    stem = name.removesuffix("s")
    return is_given_name(name) or is_given_name(stem) or not (is_word(name) or is_word(stem))


def account_word(match: Match[str]) -> bool:
    """Mask a name after ``user``, not the next word of a sentence."""
    name = match.group(2)
    if is_name(name):
        return True
    after = match.string[match.end() :]
    announced = _ANNOUNCES_ACCOUNT.search(match.group(1)) or _FOLLOWS_ACCOUNT.match(after)
    return announced is not None and _NUMBERED.fullmatch(name) is not None


_ANNOUNCES_ACCOUNT = re.compile(
    r"(?i)\b(?:user(?:name)?|login|benutzers?|impersonate)[ \"'(]{1,2}\Z"
)
_FOLLOWS_ACCOUNT = re.compile(r"[\"']?\s(?:<ip>|<host>|from |port |\[preauth\])")
_NUMBERED = re.compile(
    r"(?=[a-z0-9]{4,24}\Z)[a-z]{2,20}(?:[0-9][a-z]{2,9})?[0-9]{1,4}|[A-Z]{3,20}[0-9]{1,4}|[A-Za-z]{2,12}_[A-Za-z]{2,12}[0-9]{1,4}"
)


def account_of_login(match: Match[str]) -> bool:
    """Mask a name in a line about a log-in, also a word with a number, such as ``oracle2``."""
    name = match.group(2)
    after = match.string[match.end() :]
    tried = re.search(r"(?i)(?:invalid|illegal) user \Z", match.group(1)) is not None
    if tried and _FOLLOWS_ACCOUNT.match(after) and name.lower() not in words("daemons"):
        return account_option(match)
    return is_name(name) or re.fullmatch(r"[a-z]{3,20}[_.-]?[0-9]{1,4}", name) is not None


def authenticated_name(match: Match[str]) -> bool:
    """Mask a name, also a word with a number, in a sentence about a log-in."""
    name = match.group(2)
    if account_place(match):
        return True
    about = re.match(r"(?i)auth|log[io]n|passw|credential|sign|2fa|mfa|ldap|kerb", match.group(1))
    return about is not None and re.fullmatch(r"[a-z]{4,20}[0-9]{1,4}", name) is not None


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
    if _NAMED_THING.search(match.group(1)):
        return False
    if match.group(2).isupper() and re.search(r"(?i)\b(?:permission|privilege)s?\b", match.string):
        return False  # the name of a command
    return _is_unknown(match.group(2), 3) and _ABOUT_ACCOUNTS.search(match.string) is not None


_ABOUT_USERS = re.compile(
    r"(?i)(?<!<)\b(?:log[io]ns?|logon|logged|logout|sign(?:ed)? (?:in|on|out)|users?|accounts?|"
    r"passwords?|members?|groups?|roles?|sudoers|permissions?|sessions?|kicked|invited|profile|privileges?|delegate|"
    r"welcome|access|whoami|denied|mfa)\b"
)
_NAMED_THING = re.compile(
    r"(?i)\b(?:project|service|app|application|namespace|cluster|repo|repository|database|db|schema|"
    r"topic|queue|table|bucket|index|model|dataset|module|plugin|package|deployment|collection|"
    r"keyspace|policy|realm|feature|flag|dashboard|pipeline|product|board|space)[ \"'(\[]{1,2}\Z"
)
_SHORT = 4  # abbreviations of programs are as long


def unknown_host(match: Match[str]) -> bool:
    """Mask a word that no technical text has, after a word for a machine."""
    name = match.group(2)
    return name.islower() and _is_unknown(name, _SHORT)


def name_in_line(match: Match[str]) -> bool:
    """Mask a word that no technical text has, in a line about users that is no command."""
    line = match.string
    if _NAMED_THING.search(line[max(0, match.start(2) - 24) : match.start(2)]):
        return False
    return (
        _is_unknown(match.group(2), _SHORT)
        and _ABOUT_USERS.search(line) is not None
        and re.search(r"\s--?[a-z]", line) is None
    )


_ABSTRACT = re.compile(r"(?:[ts]ion|ment|ness|ity|[ea]ncy|logy|ship|less|ful|ical|[ai]ble)s?\Z")


def _is_unknown(word: str, longer_than: int) -> bool:
    """Return whether some word in a name is in no technical text, and can be spoken."""
    if is_program(word.lower()):
        return False
    pieces = re.findall(r"[a-z]+", word.lower())
    unknown = [p for p in pieces if not (is_word(p) or _ABSTRACT.search(p))]
    with_initial = re.search(r"[._-][a-z]\Z", word) is not None  # zoe-k
    least = 2 if with_initial else longer_than
    spoken = any(len(p) > least and re.search(r"[aeiouy]", p) for p in unknown)
    return spoken and is_name(word)


def account_option(match: Match[str]) -> bool:
    """Mask what stands after an option for an account, whatever word it is, not a state."""
    name = match.group(2)
    return not is_state(name) and name.lower() not in words("system_accounts") and name[-1] != "-"


def account_last_word(match: Match[str]) -> bool:
    """Mask a name in one of several places."""
    name = next(g for g in (match.group(2), match.group(4), match.group(6)) if g)
    if name.startswith("S-1-5-"):  # an account of Windows itself
        return False
    return is_name(name) or re.fullmatch(r"[a-z]{3,20}[0-9]{1,4}", name) is not None
