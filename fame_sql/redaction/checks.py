"""What a pattern cannot decide: check digits, addresses, and whether a word is a name.

Each check takes a match and returns whether it is to be masked.
"""

from __future__ import annotations

import ipaddress
import re
from re import Match

from fame_sql.redaction.numbers import (
    is_card,
    is_iban,
    is_luhn,
    is_personal_number,
)
from fame_sql.redaction.words import is_name, is_opaque, is_random, is_state, secrecy, words

_BEFORE = 40
_SHORT_CARD = 4
_SMALL_VERSION = 10


def _last(match: Match[str]) -> str:
    return match.group(match.lastindex or 0) or ""


def opaque_value(match: Match[str]) -> bool:
    """Mask what is not made of words."""
    text = match.group()
    return text.endswith("=") or is_opaque(re.split(r"\s+", text)[-1])


def opaque_end(match: Match[str]) -> bool:
    """Mask a value after its key that is not made of words or a number."""
    value = re.split(r"[\s/]+", match.group())[-1].lstrip("#\"'")
    if re.fullmatch(r"v?[\d.-]+|[A-Z]{1,10}[_-]?[0-9]{2,12}", value):  # a ticket of people
        return False
    return value.endswith("=") or is_opaque(value)


# A pod of Kubernetes: its deployment, the hash of its template, and five characters.
_POD = re.compile(r"(?:[a-z][a-z0-9]*-){1,8}(?:[a-z0-9]{6,10}-)?[a-z0-9]{5}")


def random_token(match: Match[str]) -> bool:
    """Mask a run that is random, or has a long random part."""
    text = match.group()
    if re.fullmatch(r"0{4}[0-9A-F]{20}", text) or _POD.fullmatch(text):  # a segment of PostgreSQL
        return False
    longest = max(re.split(r"[^A-Za-z0-9]+", text), key=len)
    return is_random(text) or (len(longest) >= 24 and is_random(longest))


_REGISTER = re.compile(
    r"(?i)(?:\b(?:[re][a-z]{2}|r[0-9]{1,2}|[cd]r[0-9]|[c-gs]s|ip|sp|pc|lr|status|addr(?:ess)?|misc|synd|"
    r"bank [0-9]{1,3}|iar|dear|lba|wwn|wwid|0x)[:= ]{0,2}|\+)\Z"
)


def sixteen(match: Match[str]) -> bool:
    """Mask random digits, not addresses and registers of a machine."""
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    return "0000" not in match.group() and _REGISTER.search(before) is None


def random_base64(match: Match[str]) -> bool:
    """Mask base64, not paths of words."""
    return is_random(match.group())


def padded(match: Match[str]) -> bool:
    """Mask padded base64 of small and capital letters, with a digit or a sign of base64."""
    text = match.group()
    return bool(
        re.search(r"[0-9+/]", text) and re.search(r"[a-z]", text) and re.search(r"[A-Z]", text)
    )


def secret_element(match: Match[str]) -> bool:
    """Mask the element of a secret name."""
    return _names_secret(match.group(2), match.group(4))


def secret_name(match: Match[str]) -> bool:
    """Mask the value beside a secret name."""
    return secrecy(match.group(2)) == "strong"


def secret_last_name(match: Match[str]) -> bool:
    """Mask the value before a secret name."""
    return secrecy(match.group(3)) == "strong"


def _names_secret(name: str, value: str) -> bool:
    kind = secrecy(name)
    return kind is not None and not is_state(value) and (kind == "strong" or is_opaque(value))


def secret_columns(match: Match[str]) -> bool:
    """Mask rows of a table with a secret column."""
    names = re.split(r"[^\w]+", match.group(2))
    return any(secrecy(name) == "strong" for name in names if name)


def not_a_state(match: Match[str]) -> bool:
    """Mask values, not words such as ``failed``."""
    return not is_state(_last(match))


def not_a_quoted_state(match: Match[str]) -> bool:
    """Mask quoted values, not quoted sentences about passwords."""
    value = match.group()[len(match.group(1)) :].strip("'\"")
    return not is_state(value.split(" ")[0])


def not_a_test(match: Match[str]) -> bool:
    """Mask what PASS sends, not the name of a test that passed."""
    value = match.group(2)
    return not is_state(value) and not re.match(r"(?i)\W*tests?|[\w.]+[.:]{1,2}[A-Za-z]", value)


def pair_end(match: Match[str]) -> bool:
    """Mask a pair whose password has a digit or a sign, not two words or a port."""
    value = re.split(r"[/:]", match.group())[-1].rstrip(".,;")
    return re.search(r"[A-Za-z]", value) is not None and not re.fullmatch(r"[A-Za-z_-]+", value)


def option_value(match: Match[str]) -> bool:
    """Mask the value of a short option, not a port or a path."""
    value = match.group(2)
    return not re.fullmatch(r"[0-9]{1,5}(?::[0-9]{1,5})?|/.*", value) and not is_state(value)


def mail_domain(match: Match[str]) -> bool:
    """Mask addresses whose domain ends in letters, not units, versions or objects."""
    ending = re.split(r"[.]", match.group())[-1].lower()
    return any(c.isalpha() for c in ending) and ending not in _UNITS


_UNITS = frozenset({"service", "socket", "timer", "mount", "target", "slice", "scope", "device"})


_NEAR_POSITION = re.compile(
    r"(?i)(?:\b(?:at|near|pos|position|gps|loc|location|coord\w*|geo\w*|fix|place|waypoint|"
    r"pickup|moved|marker|lat\w*|lo?ng\w*|vehicle|courier|driver|tracker|device|center|destination)\b"
    r"[^\n,;]{0,16}|@)\Z"
)
_AFTER_NUMBER = re.compile(r"[\d.,]\s{0,2}[,;/]\s{0,2}\Z")
_GOES_ON = re.compile(
    r"(?i)\s?(?:[,;/]\s?[-+]?[0-9]|%|(?:[munk]?s|sec\w*|min\w*|[kmgt]?i?b|px|mm)\b)"
)
_PRECISE = 5


def position(match: Match[str]) -> bool:
    """Mask a latitude and a longitude, not two measurements."""
    text = match.group()
    if re.search(r"[°NSEW]", text):
        return True
    numbers = re.findall(r"[0-9]+\.([0-9]+)", text)
    if max(abs(float(n)) for n in re.findall(r"[0-9]+\.[0-9]+", text)) < 1:
        return False
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    after = match.string[match.end() : match.end() + _BEFORE]
    if _AFTER_NUMBER.search(before) or _GOES_ON.match(after):
        return before.endswith("@")
    if _NEAR_POSITION.search(before):
        return True
    # Alone, a pair is a position if it is written as one, with a precision of a metre.
    return min(map(len, numbers)) >= _PRECISE and " " not in text and "/" not in text


def card_value(match: Match[str]) -> bool:
    """Mask a card's number or code, not the number of a network card."""
    digits = re.sub(r"\D", "", match.group(2))
    if re.search(r"(?i)cv|csc|security", match.group(1)):
        return len(digits) <= _SHORT_CARD
    return len(digits) >= 13 and bool(
        is_luhn(digits) or bool(re.search(r"[ -]", match.group(2))) or len(digits) == 16
    )


def card_number(match: Match[str]) -> bool:
    """Mask numbers of cards by brand and check digit."""
    return is_card(match.group())


def iban(match: Match[str]) -> bool:
    """Mask account numbers of their country's length, or of the right check sum."""
    return is_iban(match.group())


def personal_value(match: Match[str]) -> bool:
    """Mask numbers with five digits or more, or of capitals and digits as in passports."""
    value = str(match.group(2))
    mixed = re.fullmatch(r"(?=(?:[A-Z]*[0-9]){2})(?=[0-9]*[A-Z])[A-Z0-9]{8,12}", value) is not None
    return mixed or sum(c.isdigit() for c in value) >= 5


def checked_id(match: Match[str]) -> bool:
    """Mask personal numbers of a right check digit."""
    return is_personal_number(match.group())


def phone(match: Match[str]) -> bool:
    """Mask telephone numbers, not the zone of a time."""
    text = match.group()
    if re.fullmatch(r"(?:0[1-9]|1[0-2])[0-3][0-9]/[0-2][0-9][0-5][0-9][0-5][0-9]", text):
        return False
    return re.match(r"\+[01][0-9][0-5][0-9](?: [0-9]{4}\b|$)", text) is None


def phone_value(match: Match[str]) -> bool:
    """Mask numbers of 7 to 15 digits."""
    return 7 <= sum(c.isdigit() for c in str(match.group(2))) <= 15


def mac(match: Match[str]) -> bool:
    """Mask hardware addresses; with dots they have a letter."""
    text = match.group()
    return "." not in text or any(c.isalpha() for c in text)


def dashed_address(match: Match[str]) -> bool:
    """Mask names with an address in them, not dates."""
    found = re.search(r"(?:[0-9]{1,3}-){3}[0-9]{1,3}", match.group())
    return found is not None and all(int(n) <= 255 for n in found.group().split("-"))


_KEPT_ADDRESSES = frozenset({"127.0.0.1", "0.0.0.0", "255.255.255.255", "255.255.255.0"})
_PRODUCT = re.compile(r"(?:\b[A-Za-z]{2,}|[^/]\b[A-Za-z]+[0-9]*)/\Z")


def address_not_version(match: Match[str]) -> bool:
    """Mask addresses, not versions of four parts."""
    if match.group() in _KEPT_ADDRESSES:
        return False
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    after = match.string[match.end() : match.end() + 2]
    if re.search(r"[A-Za-z0-9_]-\Z", before) and not re.search(r"(?i)\b(?:ip|host)-\Z", before):
        return False
    if re.search(r"(?<![A-Za-z0-9/.-])[A-Z][A-Za-z]+/\Z", before) and after[:1] != ":":
        return False
    word = re.search(r"([A-Za-z]+)[\"']?\s{0,2}[:=#]?\s{0,2}[\"'(v]?\Z", before)
    if word and _announces_version(word.group(1).lower(), match.group()):
        return False
    changed = re.search(
        r"(?i)(?:upgrad|updat|downgrad|migrat)\w*[^.\n]{0,24}(?:from|to)\s\Z", before
    )
    return changed is None and _follows_no_version(match)


def _announces_version(word: str, numbers: str) -> bool:
    small = int(numbers.split(".")[0]) < _SMALL_VERSION
    return word in words("before_version") or (small and word in words("before_either"))


def _follows_no_version(match: Match[str]) -> bool:
    """Return whether no version stands before, as in ``upgraded from 1.2.3.4 to 1.2.3.5``."""
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    return re.search(r"(?i)(?:upgrad|updat|version)\w*\b[^\n]{1,24}\s(?:to|->)\s\Z", before) is None


def ipv6(match: Match[str]) -> bool:
    """Mask what is an address of IPv6, except that of the machine itself."""
    text = match.group().split("%")[0]
    if text in ("::", "::1") or not re.search(r"[0-9]", text):
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def host_value(match: Match[str]) -> bool:
    """Mask the value of host or server, not a state or the name of a program."""
    value = match.group(2).rstrip(".").lower()
    with_colon = ":" in match.group(1)
    if value in words("programs") or is_state(value):
        return False
    if with_colon and (
        match.string[match.start() - 1 : match.start()] == "."
        or re.fullmatch(r"[A-Z][a-z]+|[A-Z]{2,4}", match.group(2))
    ):
        return False
    return not re.fullmatch(r"[0-9]{1,4}|.*(?:ing|ed)", value)


def option_host(match: Match[str]) -> bool:
    """Mask a host after its option, not the next word of a sentence about the option."""
    value = match.group(2).rstrip(".").lower()
    if value.endswith("-"):  # a thread's name
        return False
    if match.group(1).startswith("by "):  # 'by <user> on request' names no host
        return any(c.isdigit() or c == "." for c in value)
    return not is_state(value) and value not in words("programs")


def host_name(match: Match[str]) -> bool:
    """Mask names of hosts, not those of packages, classes, files and units."""
    name = match.group()
    labels = name.split(".")
    if name.lower() == "localhost.localdomain" or re.search(
        r"(?i)\b(?:(?:k8s|kubernetes)\.io|golang\.org)\Z", name
    ):
        return False
    ending = labels[-1].lower()
    has_class = re.search(r"[a-z][A-Z]", name) is not None and ending not in _SURE
    if has_class or not (name == name.upper() or labels[-1].islower()):
        return False
    numbered = any(
        re.search(r"[a-z]-?[0-9]+\b|[a-z]-[a-z0-9]", label.lower()) for label in labels[:-1]
    )
    is_ending = ending in words("host_endings") or (
        ending in words("host_words") and len(labels) > 2
    )
    roots = words("code_roots" if is_ending else "code")
    if labels[0].lower() in roots and not numbered:
        return False
    if all(label.isdigit() or re.fullmatch(r"v?[0-9]+", label) for label in labels[:-1]):
        return False
    return _is_host(match, labels, ending, numbered=numbered)


_SURE = frozenset({"com", "org", "edu", "gov", "mil", "local", "internal", "corp", "lan"})
_CONTEXT = re.compile(
    r"(?i)(?:connect(?:ed|ing|ion)?(?: to| from)?|from|resolv(?:e|ed|ing)|lookup|ping|dial(?:ing)?|"
    r"peer|reach(?:ed|ing)?|host|server|node|upstream|proxy|via|domain|(?:sent|relayed|talking) to)"
    r"[ :=\"'(]{1,3}\Z"
)


def _is_host(match: Match[str], labels: list[str], ending: str, *, numbered: bool) -> bool:
    if ending in words("host_endings"):
        return len(labels) > 2 or ending in _SURE or not re.match(r"[A-Z][a-z]", labels[0])
    if ending in words("host_words"):
        return len(labels) > 2
    if ending in words("not_hosts"):
        return False
    if numbered and len(labels) >= 3 and ending.isalpha():
        return True
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    return ending.isalpha() and _CONTEXT.search(before) is not None


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
    return not is_state(first) and first not in words("not_names") and "." not in first


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
