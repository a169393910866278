"""What programs write that is neither a word nor a number: measures, codes, devices, pods."""

from __future__ import annotations

import re

from fame_sql.redaction.words import is_word, parts

_UNIT = (
    r"(?:[munp]?s|sec|min|[kmgtp]?i?b|[kmgt]i?|[kmg]?hz|[kmg]?bps|bits?|bytes?|rpm|dbm?|px|"
    r"[hdwvcfx%]|m[vw]|am|pm|st|nd|rd|th|e[0-9]{1,3}|(?:second|minute|hour|day|week|month|year|time)s?)"
)
_MEASURES = (
    rf"[vVrRbB]?[0-9]+(?:[.:_+x/-][0-9]+)*(?i:{_UNIT})?(?:[-.][a-z]+[0-9]*)?",  # 512Mi, v1.2-rc1
    r"0[xX][0-9a-fA-F]+(?:-0[xX][0-9a-fA-F]+)?|[0-9a-f]{5,8}|\w+\+0x[0-9a-f]+",  # addresses
    r"[0-9T]{8,15}Z?|[0-9.]+Z",  # times
    r"[A-Z]+[0-9]+(?:-[A-Z]+[0-9A-Z]*)+|[0-9A-Z]{2,5}",  # R02-M1-N0, 42P01
    r"[A-Za-z]+@[0-9]+|[A-Z]+#[0-9]+",  # Server@325, CPU#12
    r"[A-Za-z_-]+[_-]+[0-9]{5,}(?:[_-].*)?|[A-Z0-9]+(?:_[A-Z0-9]+)+",  # blk_17685, E_NO_2
    r"(?i:(?:.*-)?(?:sha[0-9]*|md5|(?:sha[0-9]{0,3}|md5)-?crypt|[by]crypt|aes[0-9]*|group[0-9]+|curve[0-9]+)(?:-.*)?|x25519\w*)",
    r"(?i:(?:sha|md|aes|rsa|ipv|ike|tls|ssl|http|krb|x|ssh|utf|crc|oauth|saml|wpa|ntlm|log|base|smb|"
    r"nfs|imap|pop|ext|win|eth|usb|hmac|ed|rs|hs|es|python|layer|node|core|cpu|gpu|rank|disk|port|"
    r"slot|fan|bank|v?lan|wlan|bond|thread|worker|task|job|stage|shard|part(?:ition)?|level|phase|"
    r"step|tier|group|queue|pool|area|zone|line|code|error|build|release|container|application|"
    r"attempt|email|vm|req(?:uest)?)v?[-_]?[a-z]{0,2}[0-9]{1,20}(?:[-_.].*)?)",
)
_CODES = (
    r"[0-9a-f]+|[0-9A-F]+|(?:[0-9]+[a-z]{1,3})+",
    r"[A-Z]+[0-9]*(?:[_-][A-Z0-9]+)+|[A-Z0-9]+-[A-Z0-9]+|[A-Z]{1,8}[0-9]{1,7}[A-Z]{0,2}",  # ORA-600
    r"[a-z]{2,3}[0-9]{1,4}|(?:[a-z]{1,2}[0-9]+)+|[A-Z][a-z]+_[A-Z][0-9]",  # sda1, vg0lv2
    r"(?:[a-z][a-z0-9]*-){1,8}(?:[a-z0-9]{6,10}-)?(?=[a-z]{0,5}[0-9])[a-z0-9]{5}",  # a pod
    r"(?:[a-z]+-){1,4}[0-9a-f]{6,12}|[A-Z]{4}(?:-[a-z0-9]{4}){3}",  # its set, GHSA-jfh8-…
)
_MEASURE = re.compile("|".join(_MEASURES))
_CODE = re.compile("|".join(_CODES))
_CHANGE = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[a-z])(?=[A-Z])")
_SHORTEST_RANDOM = 8
_MOST_CHANGES = 3
_MANY_CHANGES = 5
_HEXADECIMAL = re.compile("[0-9a-f]+|[0-9A-F]+")
_SHORTEST_WORD = 4


def is_measure(token: str) -> bool:
    """Return whether a token is a measure, a version, an address, a time or an algorithm."""
    return _MEASURE.fullmatch(token) is not None


def is_code(token: str) -> bool:
    """Return whether a token looks like a code of errors, a device or a pod; passwords can, too."""
    return _CODE.fullmatch(token) is not None


def looks_random(token: str) -> bool:
    """Return whether letters and digits change often in a token, and make no word."""
    token = token.rpartition("#")[2]  # of a URL
    changes = len(_CHANGE.findall(token))
    if not token.isalnum() or is_measure(token):
        return False
    if is_code(token) and (changes < _MANY_CHANGES or _HEXADECIMAL.fullmatch(token)):
        return False
    least = _MOST_CHANGES if len(token) >= _SHORTEST_RANDOM else max(len(token) - 2, _MOST_CHANGES)
    if changes < least:
        return False
    return not any(len(part) >= _SHORTEST_WORD and is_word(part) for part in parts(token))
