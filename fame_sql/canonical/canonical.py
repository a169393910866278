"""Canonical text: a message whose identifiers, addresses and paths are masked.

Words are kept. A path keeps its first plain folder. A number that stands alone keeps its first
digit and its length (``503`` becomes ``5##``, ``98%`` becomes ``9#%``), because an exit status, an
HTTP status or a percentage often decides whether a message is anomalous, whereas longer numbers
are identifiers.

The masks are data (``masks.csv``, then the warehouse's ``fame.masks``), written in the
subset of regular expressions that RE2 (DuckDB, Arrow), Rust, Java and Python interpret in the
same way. One :class:`Recipe` serves every engine: as a SQL expression, over Arrow arrays and over
a Python string, with the same result for the same text.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.resources import files

import pyarrow as pa
import pyarrow.compute as pc

from fame_sql.errors import InputError
from fame_sql.sql.quoting import literal

# The masks that a key presupposes: those before identifiers, and identifiers.
_BEFORE_KEYS = ("path below a plain folder", "path", "identifier")

MAX_CHARACTERS = 8192
"""Maximum length: only the first 8,192 characters of a message are used."""

# Look-arounds, named and numbered back-references and inline flags differ between engines.
_GROUP = re.compile(r"\\([1-9])")
_PLACEHOLDER = re.compile(r"<[^<>]+>")
_NOT_PORTABLE = re.compile(r"\(\?|\\[0-9kgpPbBAzZGQEdDwWsS]")


@dataclass(frozen=True, slots=True)
class Mask:
    r"""A replacement of every match of ``pattern`` by ``placeholder``.

    A placeholder is plain text in which ``\1`` stands for the first group of the pattern.
    """

    name: str
    pattern: str
    placeholder: str

    def __post_init__(self) -> None:
        if _NOT_PORTABLE.search(self.pattern):
            raise InputError(
                f"mask {self.name!r}: the pattern {self.pattern!r} uses syntax that engines "
                "interpret differently; use only literals, [classes], groups and * + ? |"
            )
        try:
            groups = re.compile(self.pattern).groups
            # Python takes patterns that RE2 does not, such as a++ and a{2000}.
            pc.replace_substring_regex(_one_text(b""), self.pattern, "")
        except (re.error, OverflowError, RecursionError, pa.ArrowInvalid) as error:
            raise InputError(
                f"mask {self.name!r}: {self.pattern[:200]!r} is not a valid pattern: "
                f"{' '.join(str(error).split())[:200]}"
            ) from None
        if any(int(group) > groups for group in _GROUP.findall(self.placeholder)) or re.search(
            r"[\\$]", _GROUP.sub("", self.placeholder)
        ):
            raise InputError(
                f"mask {self.name!r}: the placeholder {self.placeholder!r} must be plain text "
                "without $; \\1 to \\9 stand for groups of the pattern"
            )


@dataclass(frozen=True)
class Recipe:
    """Defines how canonical text is made from a record.

    Parameters
    ----------
    masks : tuple of Mask
        The masks, in the order of application.
    source : str
        The part of a record that is used: ``"body"``, the message alone.
    max_characters : int
        Only this many characters of the message are used.
    """

    masks: tuple[Mask, ...]
    source: str = "body"
    max_characters: int = MAX_CHARACTERS

    @cached_property
    def version(self) -> str:
        """Content hash of the recipe: the same masks always have the same version."""
        return hashlib.md5(self.to_json().encode()).hexdigest()[:12]

    def to_json(self) -> str:
        """Return the recipe as canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read a recipe that :meth:`to_json` wrote."""
        facts = json.loads(text)
        masks = tuple(Mask(**mask) for mask in facts.pop("masks"))
        return cls(masks=masks, **facts)

    def sql(self, column: str) -> str:
        """Return a DuckDB expression for the canonical text of the expression ``column``.

        Parameters
        ----------
        column : str
            A SQL expression of type VARCHAR. It is trusted: never pass text from a log.
        """
        expression = f"left({column}, {self.max_characters:d})"
        for mask in self.masks:
            expression = (
                f"regexp_replace({expression}, {literal(mask.pattern)}, "
                f"{literal(mask.placeholder)}, 'g')"
            )
        return expression

    def key_sql(self, column: str) -> str:
        """Return a DuckDB expression for a key: messages with one key have one canonical text.

        The key has canonical text of its own, which is that of the message. With the masks that
        come with fame-sql, it has one identifier in place of each other one: the mask of
        identifiers takes whole runs of word characters, and no other mask tells one run that it
        takes from another. It is cheaper than the masks, and there are few keys.
        """
        shortened = f"left({column}, {self.max_characters:d})"
        shipped = default_recipe().masks
        in_order = tuple(mask for mask in shipped if mask in self.masks)
        names = [mask.name for mask in self.masks[: len(_BEFORE_KEYS)]]
        if self.masks != in_order or names != list(_BEFORE_KEYS):
            return shortened
        pattern = self.masks[len(_BEFORE_KEYS) - 1].pattern
        return f"regexp_replace({shortened}, {literal(pattern)}, 'A0', 'g')"

    def short_key_sql(self, key: str) -> str:
        """Return a DuckDB expression for a shorter key, of which there are far fewer.

        The canonical text of the shorter key is that of the key. In a key, a number that stands
        alone has at most three digits. Numbers joined by dots, which lie in one path or in none,
        become one identifier. Of any other number the masks keep the first digit and the length,
        so the second digit becomes 0. With other masks than those that come with fame-sql, the
        shorter key is the key.
        """
        if self.masks != default_recipe().masks:
            return key
        joined = f"regexp_replace({key}, '(A0|[0-9]+)([.](A0|[0-9]+))+', 'A0', 'g')"
        return f"regexp_replace({joined}, '([0-9])[0-9]', '\\10', 'g')"

    def arrow(self, messages: pa.Array) -> pa.Array:
        """Return the canonical texts of an Arrow array of strings; NULL stays NULL."""
        texts = pc.utf8_slice_codeunits(messages, 0, self.max_characters)
        for mask in self.masks:
            texts = pc.replace_substring_regex(texts, mask.pattern, mask.placeholder)
        return texts

    def text(self, message: str) -> str:
        """Return the canonical text of one message; lone surrogates become escapes.

        Arrow matches in linear time. Python's own expressions backtrack, and one word of 8,192
        letters took them half a minute.
        """
        data = message[: self.max_characters].encode("utf-8", "backslashreplace")
        return str(self.arrow(_one_text(data))[0].as_py())

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The marks, such as ``<id>``, that replace masked text; each is one token."""
        found = [mark for mask in self.masks for mark in _PLACEHOLDER.findall(mask.placeholder)]
        return tuple(dict.fromkeys(found))


def _one_text(data: bytes) -> pa.Array:
    """Return an array of one text in UTF-8.

    pa.array and pa.scalar import pandas where it is installed, which takes half a second.
    """
    ends = b"".join(end.to_bytes(4, sys.byteorder) for end in (0, len(data)))
    return pa.StringArray.from_buffers(1, pa.py_buffer(ends), pa.py_buffer(data))


def default_recipe() -> Recipe:
    """Return the recipe of new warehouses."""
    text = files("fame_sql.canonical").joinpath("masks.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    ordered = sorted(rows, key=lambda row: int(row["ordinal"]))
    return Recipe(tuple(Mask(r["name"], r["pattern"], r["placeholder"]) for r in ordered))


def event_hash(canonical: str) -> str:
    """Return the identity of an event: the MD5 of its canonical text in UTF-8, in hex."""
    return hashlib.md5(canonical.encode()).hexdigest()
