"""Redaction: what is masked in all text that leaves for a language model.

The masks are data (``redaction.csv``), applied in order to every piece of text on its own,
before it is put into a request. Those of known formats (keys, tokens, e-mail addresses) are
looked for once more in the finished request, which is not sent if one is found.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from fame_sql.llm.failures import LeakError
from fame_sql.warehouse.warehouse import Warehouse

_NAME = re.compile(r"[\w.:-]*\w")
_SHORTEST_HOST = 3

Recogniser = Callable[[str], list[tuple[int, int, str]]]
"""Finds spans (start, end, kind) to mask, for example with Presidio."""


@dataclass(frozen=True)
class RedactionMask:
    """One kind of text that does not leave.

    Parameters
    ----------
    kind : str
        What it is, for the counts.
    known_format : bool
        Whether the pattern alone is proof, so that it may not occur in a finished request.
    pattern : re.Pattern
        What is found.
    placeholder : str
        What is put in its place; group references as in :func:`re.sub`.
    """

    kind: str
    known_format: bool
    pattern: re.Pattern[str]
    placeholder: str


@cache
def redaction_masks() -> tuple[RedactionMask, ...]:
    """Return the masks in the order in which they are applied."""
    text = files("fame_sql.llm").joinpath("redaction.csv").read_text(encoding="utf-8")
    return tuple(
        RedactionMask(
            row["kind"],
            row["known_format"] == "yes",
            re.compile(row["pattern"]),
            row["placeholder"],
        )
        for row in csv.DictReader(text.splitlines())
    )


@dataclass
class Redactor:
    """Masks secrets, addresses and names, and counts what it masked.

    Parameters
    ----------
    hosts : frozenset of str
        Names of machines, masked wherever they stand as a word.
    recogniser : callable, optional
        Finds further spans in text that the masks have been through.
    """

    hosts: frozenset[str] = frozenset()
    recogniser: Recogniser | None = None
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, warehouse: Warehouse, recogniser: Recogniser | None = None) -> Redactor:
        """Return the redactor that knows the hosts which a warehouse's logs come from."""
        rows = warehouse.rows("SELECT DISTINCT host_name FROM fame.logs")
        return cls(frozenset(_host_names(name for (name,) in rows)), recogniser)

    def text(self, text: str) -> str:
        """Return ``text`` with everything masked that a mask, a host or the recogniser finds."""
        for mask in redaction_masks():
            text, found = mask.pattern.subn(mask.placeholder, text)
            if found:
                self.counts[mask.kind] += found
        if self.hosts:
            text = _NAME.sub(self._mask_host, text)
        return self._mask_spans(text) if self.recogniser else text

    def check(self, content: str) -> None:
        """Refuse a finished request in which something of a known format is left.

        Raises
        ------
        LeakError
            Naming the kind, never the text.
        """
        if (kind := self.left_in(content)) is not None:
            raise LeakError(
                f"a request would have sent text that looks like a secret ({kind}); "
                "nothing was sent: shorten or mask what holds it, see --dry-run"
            )

    def left_in(self, content: str) -> str | None:
        """Return which kind of text of a known format is left in ``content``, or None."""
        found = (
            mask.kind
            for mask in redaction_masks()
            if mask.known_format and mask.pattern.sub(mask.placeholder, content) != content
        )
        return next(found, None)

    def _mask_host(self, match: re.Match[str]) -> str:
        word = match.group()
        if word.lower() not in self.hosts:
            return word
        self.counts["known-host"] += 1
        return "<host>"

    def _mask_spans(self, text: str) -> str:
        """Mask from the end, so that earlier spans keep their places."""
        assert self.recogniser is not None
        end = len(text)
        for start, stop, kind in sorted(self.recogniser(text), reverse=True):
            if stop <= end and "<" not in text[start:stop]:
                text = f"{text[:start]}<{kind.lower()}>{text[stop:]}"
                self.counts[kind.lower()] += 1
                end = start
        return text


def _host_names(names: Iterable[str | None]) -> Iterable[str]:
    """Yield the names that cannot be taken for a word of the language, and short forms."""
    for name in names:
        for form in {name or "", (name or "").split(".")[0]}:
            if len(form) >= _SHORTEST_HOST and not form.isdigit():
                yield form.lower()
