"""Whether a text is an address or the name of a host."""

from __future__ import annotations

import ipaddress
import re
from re import Match

from fame_sql.redaction.words import is_state, is_word, words

_BEFORE = 40
_SMALL_VERSION = 10
# What Kubernetes and Kafka call their volumes and clients.
OF_PROGRAMS = re.compile(r"kube-api-access-|pvc-|(?:connector-)?(?:consumer|producer)-")


def mail_domain(match: Match[str]) -> bool:
    """Mask addresses whose domain ends in letters, not units, versions or objects."""
    if re.search(r"@(?:openssh\.com|libssh\.org)\Z", match.group()):  # extensions of SSH
        return False
    ending = re.split(r"[.]", match.group())[-1].lower()
    return any(c.isalpha() for c in ending) and ending not in _UNITS


_UNITS = frozenset({"service", "socket", "timer", "mount", "target", "slice", "scope", "device"})


def mac(match: Match[str]) -> bool:
    """Mask hardware addresses; of digits and dots alone, where no unit follows."""
    text = match.group()
    has_letter = any(c.isalpha() for c in text)
    return "." not in text or has_letter or not _TIME.match(match.string[match.end() :])


_TIME = re.compile(r"\s?(?:[munp]?s|sec\w*|[kmg]?b)\b")


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
    if re.search(r"\.00(?:\.|\Z)", match.group()):  # a part of an address has no zeros before it
        return False
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    after = match.string[match.end() : match.end() + 2]
    if re.search(r"[A-Za-z0-9_]-\Z", before) and not re.search(r"(?i)\b(?:ip|host)-\Z", before):
        return False
    if re.search(r"(?<![A-Za-z0-9/.-])[A-Z][A-Za-z]+/\Z", before) and after[:1] != ":":
        return False
    if re.search(r"(?i)\b(?:old|new|low|high|great|earli|lat)er than \Z", before):
        return False
    small = int(match.group().split(".")[0]) < _SMALL_VERSION
    program = re.search(r"(?<![\w.-])([a-z]+)/\Z", before)
    if program and program.group(1) in words("programs"):
        return False
    says_which = re.search(r"\b(?:from|to|with|server|client|agent|plugin) \Z", before)
    if small and says_which and _ABOUT_VERSIONS.search(match.string):
        return False
    word = re.search(r"([A-Za-z]+)[\"']?\s{0,2}[:=#]?\s{0,2}[\"'(v]?\Z", before)
    if word and _announces_version(word.group(1).lower(), match.group()):
        return False
    changed = _CHANGE_OF_VERSION.search(before)
    if changed and (changed.group(1) or small):
        return False
    return _follows_no_version(match)


_ABOUT_VERSIONS = re.compile(
    r"(?i)\b(?:upgrad|downgrad|migrat|schema|version|release|patch|(?:in)?compatib)"
)
_CHANGE_OF_VERSION = re.compile(
    r"(?i)(?:upgrad|updat|downgrad|migrat)\w*[^.\n]{0,24}?\s((?:from|to)\s)?\Z"
)


def _announces_version(word: str, numbers: str) -> bool:
    small = int(numbers.split(".")[0]) < _SMALL_VERSION
    return word in words("before_version") or (small and word in words("before_either"))


def _follows_no_version(match: Match[str]) -> bool:
    """Return whether no version stands before, as in ``upgraded from 1.2.3.4 to 1.2.3.5``."""
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    return re.search(r"(?i)(?:upgrad|updat|version)\w*\b[^\n]{1,24}\s(?:to|->)\s\Z", before) is None


_COLONS_WITH_PORT = 8  # as Java prints the address of a socket


def ipv6(match: Match[str]) -> bool:
    """Mask what is an address of IPv6, except that of the machine itself."""
    text = match.group().split("%")[0]
    if text in ("::", "::1") or not re.search(r"[0-9]", text):
        return False
    if text.count(":") == _COLONS_WITH_PORT:
        text = text.rpartition(":")[0]
    if not text.strip("0:"):
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
        (match.group(1).endswith(": ") and is_word(value))
        or match.string[match.start() - 1 : match.start()] == "."
        or re.fullmatch(r"(?:[A-Z][a-z]+)+|[A-Z]{2,4}", match.group(2))
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


def not_localhost(match: Match[str]) -> bool:
    """Mask a name, not that of the machine itself."""
    name = match.group()[len(match.group(1)) :].strip("\"'").lower()
    return name != "localhost"


def troubled_host(match: Match[str]) -> bool:
    """Mask a name with a number, or with a word that no technical text has."""
    name = match.group(2).rstrip(".")
    if OF_PROGRAMS.match(name):
        return False
    pieces = re.findall(r"[a-z]+", name.lower())
    known = all(len(piece) < 3 or is_word(piece) for piece in pieces)
    return not is_state(name) and (
        re.search(r"[0-9]\Z|-[0-9]{1,3}[a-z]\Z", name) is not None
        or not known
        or (re.search(r"-[a-z]\Z", name) is not None)
    )


def host_name(match: Match[str]) -> bool:
    """Mask names of hosts, not those of packages, classes, files and units."""
    name = match.group()
    labels = name.split(".")
    if name.lower() == "localhost.localdomain" or re.search(
        r"(?i)\b(?:(?:k8s|kubernetes|docker|quay|gcr|ghcr)\.io|golang\.org|openssh\.com|libssh\.org|github\.com|nvidia\.com|gopkg\.in|w3\.org)\Z",
        name,
    ):
        return False
    ending = labels[-1].lower()
    if not ending.isascii() or any(label.lower().startswith("xn--") for label in labels):
        return True
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
    r"peer|reach(?:ed|ing)?|host|server|node|upstream|proxy|via|domain|"
    r"(?:query|record|certificate|delivery|route|lookup|zone|deferred|relay\w*) (?:for|to|of)|"
    r"(?:sent|relayed|talking) to)"
    r"[ :=\"'(]{1,3}\Z"
)


def _is_host(match: Match[str], labels: list[str], ending: str, *, numbered: bool) -> bool:
    if len(labels) > 2 and labels[0].lower() in words("host_beginnings"):
        return ending not in words("not_hosts")
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
