"""Redaction: masking of all text that is sent to a language model.

The masks (:mod:`fame_sql.redaction`) are applied in order to every piece of text before it becomes
part of a request. The finished request is searched once more for the known formats (keys,
tokens, e-mail addresses), and is not sent if it contains one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from fame_sql.llm.failures import LeakError
from fame_sql.redaction.masks import known_format_in, mask_forms, mask_rest
from fame_sql.redaction.unknown import looks_unmasked
from fame_sql.warehouse.warehouse import Warehouse

_NAME = re.compile(r"\w(?:[\w.:-]*\w)?+")
_SHORTEST_HOST = 3
_MOST_REMEMBERED = 4096
_SHORT = 2000

Recogniser = Callable[[str], list[tuple[int, int, str]]]
"""Finds spans (start, end, kind) to mask, for example by Presidio."""


@dataclass
class Redactor:
    """Masks secrets, addresses and names, and counts them.

    Parameters
    ----------
    hosts : frozenset of str
        Host names, masked wherever they occur as a word.
    recogniser : callable, optional
        Finds further spans after the masks have been applied.
    counts : Counter
        How much was masked, by kind.
    doubtful : set of int
        Hashes of the masked texts that look as if they held what masks cannot know.
    """

    hosts: frozenset[str] = frozenset()
    recogniser: Recogniser | None = None
    counts: Counter[str] = field(default_factory=Counter)
    doubtful: set[int] = field(default_factory=set)
    _remembered: dict[str, tuple[str, Counter[str]]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, warehouse: Warehouse, recogniser: Recogniser | None = None) -> Redactor:
        """Return a redactor that masks the hosts of a warehouse's logs."""
        rows = warehouse.rows("SELECT DISTINCT host_name FROM fame.logs")
        return cls(frozenset(_host_names(name for (name,) in rows)), recogniser)

    def text(self, text: str) -> str:
        """Return ``text`` with all matches of the masks, hosts and the recogniser masked."""
        # A line of a log is a message once, and a neighbour or an example often.
        known = self._remembered.get(text)
        if known is None:
            before = self.counts.copy()
            known = self._masked(text), self.counts - before
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            if len(text) <= _SHORT:
                self._remembered[text] = known
        else:
            self.counts += known[1]
        return known[0]

    def _masked(self, text: str) -> str:
        text = mask_forms(text, self.counts)
        if self.hosts:
            text = _NAME.sub(self._mask_host, text)
        text = mask_rest(text, self.counts)
        if self.recogniser:
            text = self._mask_spans(text)
        if looks_unmasked(text):
            self.doubtful.add(hash(text))
        return text

    def check(self, content: str) -> None:
        """Refuse a finished request that contains text of a known format.

        Raises
        ------
        LeakError
            If it does; the message names the kind, never the text.
        """
        if (kind := self.left_in(content)) is not None:
            raise LeakError(
                f"a request contains text that looks like a secret ({kind}) and was not sent: "
                "find it with --dry-run, and shorten or mask the text that contains it"
            )

    def left_in(self, content: str) -> str | None:
        """Return the kind of known format that occurs in ``content``, or None."""
        return known_format_in(content)

    def _mask_host(self, match: re.Match[str]) -> str:
        word = match.group()
        if word.lower() not in self.hosts:
            return word
        self.counts["known-host"] += 1
        return "<host>"

    def _mask_spans(self, text: str) -> str:
        """Mask from the end, so that earlier spans keep their positions."""
        assert self.recogniser is not None
        end = len(text)
        for start, stop, kind in sorted(self.recogniser(text), reverse=True):
            if stop <= end and "<" not in text[start:stop]:
                text = f"{text[:start]}<{kind.lower()}>{text[stop:]}"
                self.counts[kind.lower()] += 1
                end = start
        return text


def _host_names(names: Iterable[str | None]) -> Iterable[str]:
    """Yield host names and their short forms, except those too short to be distinctive."""
    for name in names:
        for form in {name or "", (name or "").split(".")[0]}:
            if len(form) >= _SHORTEST_HOST and not form.isdigit():
                yield form.lower()
