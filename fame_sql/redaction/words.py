"""Whether a word is a secret, a state or a name: by lists (``words.toml``) and by its form."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files

from fame_sql.redaction.own_words import own_words

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|[0-9]+")
_NOT_RANDOM = re.compile(
    r"(?:[A-Z][a-z]{2,}|[a-z]{2,}|[A-Z]{2,}|[0-9]{1,4}(?![0-9]))(?:[A-Z][a-z]{2,})*[0-9]{0,4}"
)
_TERMS = re.compile(
    r"(?i)log4j2?|slf4j|x86_64|i18n|l10n|k8s|utf8mb4|ipv[46]|h26[45]|md5|sha[0-9]+|aes[0-9]+|"
    r"base64|oauth2|http2|win32|amd64|arm64"
)
_DIGIT_CHANGE = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])")
_CASE_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z](?![a-z]{2}))")  # not where a word begins
_PIECES = re.compile(r"[^\W\d_]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])")
_NUMBERED_ACCOUNT = re.compile(
    r"(?:user|test|admin|guest|student|account|login)[0-9]{1,6}|[a-z]\.[a-z]{3,20}"  # h.muster
)
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "or", "able", "n't", "'s")
_PREFIXES = ("un", "re", "non", "dis", "sub", "over", "pre", "auto", "multi", "mis")
_SHORTEST_STEM = 3
_SHORT_MIXED = re.compile(r"[a-z]{1,3}[0-9]{2,3}")  # kd93-lq82
_LONGEST_WORD = 512
_MIN_OPAQUE = 6


@cache
def words(name: str) -> frozenset[str]:
    """Return a list of words by its name."""
    return _lists()[name]


@cache
def _lists() -> dict[str, frozenset[str]]:
    text = files("fame_sql.redaction").joinpath("words.toml").read_text(encoding="utf-8")
    return {name: frozenset(found) for name, found in tomllib.loads(text).items()}


@cache
def _password_endings() -> tuple[str, ...]:
    return tuple(word for word in words("password") if len(word) > 2)


def words_of(name: str) -> list[str]:
    """Return the words of an identifier, in lower case: of ``dbPassword2``, db and password."""
    found = [word.lower() for word in _WORD.findall(name[-80:])]
    return [word for word in found if not word.isdigit()]


@lru_cache(maxsize=4096)
def secrecy(key: str) -> str | None:
    """Return whether the value of a key is a secret.

    Returns
    -------
    str or None
        ``"strong"``, ``"weak"`` if only a value that looks like a secret is one, or None.
    """
    parts = words_of(key)
    if not parts:
        return None
    whole, last = "".join(parts), parts[-1]
    if len(parts) > 1 and last in words("about") and whole not in words("password"):
        return _OF_IDS.get(" ".join(parts[-2:]))
    if any(says_password(part) for part in (*parts, whole)):
        return "strong"
    before = parts[-2] if len(parts) > 1 else ""
    if last == "community" and before in ("snmp", "ro", "rw", "read", "write", "trap"):
        return "strong"
    if last == "key" and before in words("before_key"):
        return "strong"
    if last in ("pin", "code", "key", "state", "hash", "seed", "iv", "salt", "digest"):
        return "weak" if last != "code" or before in words("before_code") else None
    return "weak" if last in words("weak") or whole in words("weak") else None


def names_secret(name: str) -> bool:
    """Return whether what stands beside a name is a secret: its key, or the name of a header."""
    return secrecy(name) == "strong" or name.lower().removeprefix("proxy-") in _SECRET_HEADERS


_SECRET_HEADERS = ("authorization", "cookie", "set-cookie")
_OF_IDS = {"session id": "strong", "key id": "weak", "session state": "weak"}


@lru_cache(maxsize=65536)
def says_password(word: str) -> bool:
    """Return whether a word in lower case is one for a password, or ends with one."""
    if word in words("not_password"):
        return False
    return word in words("password") or word.endswith(_password_endings())


def is_state(value: str) -> bool:
    """Return whether a value says how something is, such as ``failed``, and is no secret."""
    bare = value[:_LONGEST_WORD].strip("\"'`.,;:!?()[]{}<>\\").lower()
    if not bare.strip("*x.•#_-"):
        return True
    if bare in words("states"):
        return True
    # As invalid_grant.
    return bare.startswith(_BAD) and all(map(is_word, re.split("[_-]", bare)))


_BAD = tuple(
    f"{word}{joint}"
    for word in ("invalid", "expired", "missing", "unsupported", "unknown", "not", "no", "bad")
    for joint in "_-"
)


def is_opaque(value: str) -> bool:
    """Return whether a value looks like a secret: it is not made of words or a short number."""
    bare = value[:_LONGEST_WORD].strip("\"'`\\")
    if len(bare) < _MIN_OPAQUE or is_state(bare):
        return False
    pieces = [piece for piece in re.split(r"[^A-Za-z0-9]+", bare) if piece]
    if all(piece.isdigit() for piece in pieces) or re.match(r"0x[0-9a-f]+\Z", bare):
        return False
    if len(pieces) > 1 and all(_SHORT_MIXED.fullmatch(piece) for piece in pieces):
        return True
    return any(not _NOT_RANDOM.fullmatch(piece) for piece in pieces)


def is_random(token: str) -> bool:
    """Return whether at least half of a token is in pieces that no writer of programs makes up.

    In random text, letters and digits, capital and small letters alternate. In identifiers
    they change where a word ends.
    """
    pieces = [piece for piece in re.split(r"[^A-Za-z0-9]+", _TERMS.sub("-", token)) if piece]
    length = sum(map(len, pieces))
    odd = sum(len(piece) for piece in pieces if _alternates(piece))
    return odd * 2 >= length > 0


def _alternates(piece: str) -> bool:
    if len(piece) < _MIN_OPAQUE:
        return False
    start = piece[:_LONGEST_WORD]
    digits = len(_DIGIT_CHANGE.findall(start))
    # A word with a number before or after it has one change, or two.
    return digits >= 4 or digits + len(_CASE_CHANGE.findall(start)) >= max(3, 0.2 * len(start))


def is_name(word: str) -> bool:
    """Return whether a word after ``user`` can be the name of an account."""
    bare = word.strip("\"'`.,;:()[]")
    lowered = bare.lower()
    if len(bare) < 2 or lowered in words("system_accounts") or lowered in words("states"):
        return False
    pieces = [piece.lower() for piece in _PIECES.findall(bare) if len(piece) > 2]
    if _NUMBERED_ACCOUNT.fullmatch(lowered) or not pieces:
        return lowered.isdigit() or not is_word(lowered)
    return not all(map(is_word, pieces))


@lru_cache(maxsize=65536)
def is_word(word: str) -> bool:
    """Return whether technical texts have a word in lower case, or the word that it comes from."""
    known = _vocabulary()
    return _comes_from(word, known) or any(
        word.startswith(p)
        and len(word) >= len(p) + _SHORTEST_STEM
        and _comes_from(word[len(p) :], known)
        for p in _PREFIXES
    )


def _comes_from(word: str, known: frozenset[str]) -> bool:
    """Return whether a list has a word, without an ending if need be."""
    return word in known or any(
        word.endswith(e) and _stem_in(word[: -len(e)], known) for e in _ENDINGS
    )


def _stem_in(stem: str, known: frozenset[str]) -> bool:
    if len(stem) < _SHORTEST_STEM:
        return False
    return stem in known or stem + "e" in known or (stem[-1] == stem[-2] and stem[:-1] in known)


@lru_cache(maxsize=65536)
def is_known(word: str) -> bool:
    """Return whether a word in lower case is a common one, comes from one, or is made of two."""
    known = _common_words()
    if is_word(word) or _comes_from(word, known):
        return True
    if word.endswith("d") and (word[:-1] in known or (word[0] == "k" and is_known(word[1:]))):
        return True  # a daemon, also of the kernel
    return any(
        _can_be_joined(word[:at]) and _can_be_joined(word[at:]) for at in range(2, len(word) - 1)
    )


def is_known_abbreviation(part: str) -> bool:
    """Return whether a part of a name is a word or a short one that programs use."""
    return part in words("joined") or (is_word(part) if len(part) < 4 else is_known(part))


def _can_be_joined(part: str) -> bool:
    if len(part) <= _SHORTEST_STEM:
        return part in words("joined")
    return _comes_from(part, _vocabulary())


def parts(token: str) -> list[str]:
    """Return the words of a token in lower case, as they are told by case and by signs."""
    return [part.lower() for part in _PARTS.findall(token)]


_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def is_given_name(word: str) -> bool:
    """Return whether a word in lower case is a given name and no technical word."""
    return word in _given_names()


@cache
def _vocabulary() -> frozenset[str]:
    return _words_in("vocabulary.txt") | own_words()


@cache
def _common_words() -> frozenset[str]:
    return _vocabulary() | _words_in("english.txt")


@cache
def _given_names() -> frozenset[str]:
    return _words_in("given_names.txt")


def _words_in(name: str) -> frozenset[str]:
    text = files("fame_sql.redaction").joinpath(name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return frozenset(word for line in lines for word in line.split())


def is_made_of_words(value: str) -> bool:
    """Return whether a value is words or a number, such as ``max-age`` or ``rotation``."""
    if re.search(r"[^\w.:/-]", value.rstrip(",;")) or re.search(r"[a-z][A-Z]", value):
        return False
    return all(is_word(piece.lower()) for piece in re.findall(r"[A-Za-z][a-z]+|[A-Z]+", value))
