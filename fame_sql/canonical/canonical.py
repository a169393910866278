"""Canonical text: what is left of a message when identifiers, addresses and paths are masked.

Words stay. Of paths the first plain folder stays; of numbers that stand alone the first digit
and the size (``503`` becomes ``5##``, ``98%`` becomes ``9#%``), for an exit status, an HTTP status
or a percentage is what decides many a mixed template, while longer numbers identify something.

The masks are data (``masks.csv``, then the warehouse's ``fame.masks``), written in the
subset of regular expressions that RE2 (DuckDB, Arrow), Rust, Java and Python read alike. One
:class:`Recipe` serves every engine: as a SQL expression, over Arrow arrays and over a Python
string, with the same result for the same text.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.resources import files

import pyarrow as pa
import pyarrow.compute as pc

from fame_sql.errors import InputError
from fame_sql.sql.quoting import literal

MAX_CHARACTERS = 8192
"""A message's canonical text is that of its first 8,192 characters."""

# Look-arounds, named and numbered back-references and inline flags differ between engines.
_GROUP = re.compile(r"\\([1-9])")
_PLACEHOLDER = re.compile(r"<[^<>]+>")
_NOT_PORTABLE = re.compile(r"\(\?|\\[0-9kgpPbBAzZGQEdDwWsS]")


@dataclass(frozen=True, slots=True)
class Mask:
    r"""One replacement: everything that matches ``pattern`` becomes ``placeholder``.

    A placeholder is plain text, in which ``\1`` stands for the pattern's first group.
    """

    name: str
    pattern: str
    placeholder: str

    def __post_init__(self) -> None:
        if _NOT_PORTABLE.search(self.pattern):
            raise InputError(
                f"mask {self.name!r}: the pattern {self.pattern!r} uses what engines read "
                "differently; write it with literals, [classes], groups and * + ? | alone"
            )
        try:
            groups = re.compile(self.pattern).groups
        except re.error as error:
            raise InputError(
                f"mask {self.name!r}: {self.pattern!r} is no pattern: {error}"
            ) from None
        if any(int(group) > groups for group in _GROUP.findall(self.placeholder)) or re.search(
            r"[\\$]", _GROUP.sub("", self.placeholder)
        ):
            raise InputError(
                f"mask {self.name!r}: the placeholder {self.placeholder!r} must be plain text "
                "without $, in which \\1 to \\9 stand for groups of the pattern"
            )


@dataclass(frozen=True)
class Recipe:
    """How the text that a model reads is made from a record.

    Parameters
    ----------
    masks : tuple of Mask
        Applied in order.
    source : str
        Which part of a record is read: ``"body"``, the message alone.
    max_characters : int
        Characters of the message that count.
    """

    masks: tuple[Mask, ...]
    source: str = "body"
    max_characters: int = MAX_CHARACTERS

    @cached_property
    def version(self) -> str:
        """Content hash of the recipe: the same masks give the same version anywhere."""
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
            A SQL expression of type VARCHAR, trusted: never text from a log.
        """
        expression = f"left({column}, {self.max_characters:d})"
        for mask in self.masks:
            expression = (
                f"regexp_replace({expression}, {literal(mask.pattern)}, "
                f"{literal(mask.placeholder)}, 'g')"
            )
        return expression

    def arrow(self, messages: pa.Array) -> pa.Array:
        """Return the canonical texts of an Arrow array of strings, NULL for NULL."""
        texts = pc.utf8_slice_codeunits(messages, 0, self.max_characters)
        for mask in self.masks:
            texts = pc.replace_substring_regex(texts, mask.pattern, mask.placeholder)
        return texts

    def text(self, message: str) -> str:
        """Return the canonical text of one message."""
        text = message[: self.max_characters]
        for pattern, placeholder in self._compiled:
            text = pattern.sub(placeholder, text)
        return text

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The marks such as ``<id>`` that stand for what was masked, each a token of its own."""
        found = [mark for mask in self.masks for mark in _PLACEHOLDER.findall(mask.placeholder)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def _compiled(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        return tuple((re.compile(mask.pattern), mask.placeholder) for mask in self.masks)


def default_recipe() -> Recipe:
    """Return the recipe that new warehouses start with."""
    text = files("fame_sql.canonical").joinpath("masks.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    ordered = sorted(rows, key=lambda row: int(row["ordinal"]))
    return Recipe(tuple(Mask(r["name"], r["pattern"], r["placeholder"]) for r in ordered))


def event_hash(canonical: str) -> str:
    """Return the identity of an event: the md5 of its canonical text's UTF-8 bytes, in hex."""
    return hashlib.md5(canonical.encode()).hexdigest()
