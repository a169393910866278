"""Masking of secrets, addresses and names in a text.

Text in logs is hostile: every kind takes linear time, so that no text can stop a program.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from importlib.resources import files
from importlib.resources.abc import Traversable

from fame_sql.redaction.kinds import Kind, Traits, kinds
from fame_sql.redaction.layers import without_escapes
from fame_sql.redaction.net import mask_net
from fame_sql.redaction.own_words import own_words
from fame_sql.redaction.words import is_name, words

_SHORTEST_NAME = 4
_MOST_NAMES = 8


def mask_text(text: str, counts: Counter[str], rows: Sequence[Kind] | None = None) -> str:
    """Return ``text`` with everything of a known kind, and what the net takes, replaced.

    Parameters
    ----------
    text : str
        The text.
    counts : Counter
        How much was masked, by kind.
    rows : sequence of Kind, optional
        The kinds; all by default.
    """
    return mask_rest(mask_forms(text, counts, rows), counts, rows)


def mask_forms(text: str, counts: Counter[str], rows: Sequence[Kind] | None = None) -> str:
    """Return ``text`` with everything of a known form replaced, and count it by kind."""
    forms = _forms() if rows is None else [kind for kind in rows if not kind.is_net]
    return _masked_in_layers(text, counts, partial(_masked, rows=forms))


def mask_rest(text: str, counts: Counter[str], rows: Sequence[Kind] | None = None) -> str:
    """Return a text whose known forms are masked with what the net takes replaced."""
    if rows is not None and not any(kind.is_net for kind in rows):
        return text
    return _masked_in_layers(text, counts, _netted)


@cache
def _forms() -> tuple[Kind, ...]:
    return tuple(kind for kind in kinds() if not kind.is_net)


def _masked_in_layers(
    text: str, counts: Counter[str], mask: Callable[[str, Counter[str]], str]
) -> str:
    text = mask(text, counts)
    plain = without_escapes(text)
    if plain is None:
        return text
    hidden: Counter[str] = Counter()
    masked = mask(plain.text, hidden)
    if not hidden:
        return text
    counts += hidden
    return plain.put_back(masked)


def _netted(text: str, counts: Counter[str]) -> str:
    masked, found = mask_net(text)
    if found:
        counts["net"] += found
    return masked


def _masked(text: str, counts: Counter[str], rows: Sequence[Kind]) -> str:
    traits = Traits.of(text)
    names: set[str] = set()
    for kind in rows:
        masked, found = kind.mask(text, traits, names)
        if found:
            counts[kind.name] += found
            text, traits = masked, Traits.of(masked)
    if names:
        text, found = _mask_again(text, names)
        if found:
            counts["account"] += found
    return text


@cache
def mask_version() -> str:
    """Return a short hash of the masks, lists and checks, which changes with each of them."""
    shipped, own = _version_of(files("fame_sql.redaction")), sorted(own_words())
    return hashlib.sha256(" ".join([shipped, *own]).encode()).hexdigest()[:12] if own else shipped


def _version_of(folder: Traversable) -> str:
    digest = hashlib.sha256()
    for entry in _sources(folder):
        digest.update(entry.read_bytes())
    return digest.hexdigest()[:12]


def _sources(folder: Traversable) -> Iterator[Traversable]:
    """Yield the files in an order of their names: each file system lists them in its own."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith((".toml", ".txt", ".py")):
            yield entry


def _mask_again(text: str, names: set[str]) -> tuple[str, int]:
    """Mask the names of accounts wherever else they stand in the text."""
    found = sorted(name for name in names if _is_distinctive(name))[:_MOST_NAMES]
    if not found:
        return text, 0
    either = "|".join(map(re.escape, found))
    return re.subn(rf"(?<![\w<.-])(?:{either})(?![\w>-])", "<user>", text)


def _is_distinctive(name: str) -> bool:
    lowered = name.lower()
    known = lowered in words("daemons") or lowered in words("code")
    return len(name) >= _SHORTEST_NAME and is_name(name) and not known


def known_format_in(text: str) -> str | None:
    """Return the kind of the first known format that still occurs in a text, or None."""
    traits = Traits.of(text)
    left = (k.name for k in kinds() if k.known_format and k.mask(text, traits)[0] != text)
    return next(left, None)
