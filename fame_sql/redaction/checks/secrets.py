"""Whether a value is a secret: random, or beside a name that says so."""

from __future__ import annotations

import re
from re import Match

from fame_sql.redaction.words import (
    is_made_of_words,
    is_opaque,
    is_random,
    is_state,
    is_word,
    names_secret,
    secrecy,
    words,
)

_BEFORE = 40


def opaque_value(match: Match[str]) -> bool:
    """Mask what is not made of words."""
    text = match.group()
    if text.endswith("=") or re.fullmatch(r"(?i)bearer\s+[\w-]+(?:\.[\w-]+){2}", text):
        return True
    if is_opaque(re.split(r"\s+", text)[-1]):
        return True
    return re.match(r"[a-z]{2}_(?:live|test)_", text) is not None


def opaque_end(match: Match[str]) -> bool:
    """Mask a value after its key that is not made of words or a number."""
    value = re.split(r"[\s/]+", match.group())[-1].lstrip("#\"'")
    if re.fullmatch(r"v?[\d.-]+|[A-Z]{1,10}[_-]?[0-9]{2,12}", value):  # a ticket of people
        return False
    return value.endswith("=") or is_opaque(value)


_NO_TOKEN = re.compile(r"_ZN|0x[0-9a-f]+-0x[0-9a-f]+\Z")  # a symbol of C++, a range of memory
_CHECK_SUM = re.compile(
    r"(?i)\b(?:md5|sha-?[0-9]{1,3}|crc32|check)(?:[ _-]?sums?)?\b[\"']?[ :=]{1,3}"
    r"(?:(?:expected|got|actual|was|is|of|mismatch|file|found)[ :=]{1,3}){0,2}[\"']?\Z"
)
# A pod of Kubernetes: its deployment, the hash of its template, and five characters.
_POD = re.compile(r"(?:[a-z][a-z0-9]*-){1,8}(?:[a-z0-9]{6,10}-)?[a-z0-9]{5}")


def random_token(match: Match[str]) -> bool:
    """Mask a run that is random, or has a long random part, not a check sum or a symbol of C++."""
    text = match.group()
    before = match.string[max(0, match.start() - 40) : match.start()]
    is_cipher = match.string.startswith(("@openssh.com", "@libssh.org"), match.end())
    if is_cipher or _NO_TOKEN.match(text) or _CHECK_SUM.search(before):
        return False
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


def product_key(match: Match[str]) -> bool:
    """Mask keys of four groups, or with two groups of letters and digits, not numbered codes."""
    groups = match.group().split("-")
    mixed = [g for g in groups if not (g.isalpha() or g.isdigit())]
    return len(groups) > 3 or len(mixed) > 1


def padded(match: Match[str]) -> bool:
    """Mask padded base64 of small and capital letters, with a digit or a sign of base64."""
    text = match.group()
    odd = re.search(r"[0-9+/]", text) or (text.endswith("==") and is_opaque(text.rstrip("=")))
    return bool(odd and re.search(r"[a-z]", text) and re.search(r"[A-Z]", text))


def secret_element(match: Match[str]) -> bool:
    """Mask the element of a secret name."""
    return _names_secret(match.group(2), match.group(4))


def secret_name(match: Match[str]) -> bool:
    """Mask the value beside a secret name."""
    said = (match.lastindex or 0) > 2 and match.group(3) and is_state(match.group(3))
    name, value = match.group(2), (match.group(3) if (match.lastindex or 0) > 2 else "") or ""
    is_pin = re.search(r"(?i)(?:^|[_.-])(?:pin|otp)\Z", name) and re.fullmatch(
        r"[\"'\\]{0,4}[0-9]{4,8}[\"'\\]{0,4}", value
    )
    return (secrecy(name) == "strong" or bool(is_pin)) and not said


def secret_in_pair(match: Match[str]) -> bool:
    """Mask what stands beside a secret name in brackets, not another name of a column."""
    value = match.group(3).strip("'\"")
    in_list = match.string[match.end() : match.end() + 1] == ","
    if in_list and not re.search(r"[A-Za-z][0-9]|[0-9][A-Za-z]|[!@#$%^&*]", value):
        return False
    is_key = secrecy(value) is not None and not re.search(r"[A-Z].*[0-9]|[0-9][A-Za-z]", value)
    known = is_state(value) or value in words("about") or is_key
    return names_secret(match.group(2)) and not known and not _COLUMN.fullmatch(value)


_COLUMN = re.compile(r"[a-z]+_(?:at|by|id|name|no|on|type)|(?:e?mail|created|updated)")


def secret_cell(match: Match[str]) -> bool:
    """Mask the cell beside a secret name."""
    return _names_secret(match.group(2) or match.group(3), match.group(4))


def changed_value(match: Match[str]) -> bool:
    """Mask the value before or after a change, not a state, a word or a number."""
    value = match.group(2)
    mixed = re.search(r"[A-Za-z]", value) is not None and re.search(r"[0-9]", value) is not None
    return not is_state(value) and (mixed or is_opaque(value))


def some_argument(match: Match[str]) -> bool:
    """Mask arguments, unless all of them are words about a connection."""
    arguments = re.findall(r"\w[^\s,]*\w", match.group(2))
    return not all(is_state(word) or word in words("about") or is_word(word) for word in arguments)


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
    return not is_state(match.group(match.lastindex or 0) or "")


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
    with_letters = re.search(r"[A-Za-z]", value) is not None
    odd = re.fullmatch(r"[A-Za-z_-]+", value) is None
    return with_letters and (odd or not is_made_of_words(value))


def option_end(match: Match[str]) -> bool:
    """Mask an account and the value of a short option that is no word, port or folder."""
    value = match.group(4)
    before = match.string[max(0, match.start() - 4 * _BEFORE) : match.start()]
    if re.search(r"(?i)\b(?:mysql|mariadb)[^\n]{0,160}\Z", before):  # the database
        return False
    return not re.fullmatch(r"[0-9:]{1,12}|[{$(].*", value) and (
        not is_made_of_words(value) or re.search(r"[a-z][0-9]", value) is not None
    )


def option_value(match: Match[str]) -> bool:
    """Mask the value of a short option, not a port or a path."""
    value = match.group(2)
    if re.search(r"(?i)\b(?:mysql|mariadb)[^\n]{0,220}\s-p\s{1,3}\Z", match.group(1)):
        # What follows '-p' and a blank is the name of the database, unless somebody was mistaken.
        return re.search(r"[!@#$%^&*]|[a-z][0-9][A-Za-z]|[A-Z][0-9]", value) is not None
    return not re.fullmatch(r"[0-9]{1,5}(?::[0-9]{1,5})?|/.*", value) and not is_state(value)
