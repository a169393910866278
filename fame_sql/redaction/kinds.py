"""The kinds of text that are masked, which are data (``kinds/*.toml``)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from fame_sql.redaction import checks
from fame_sql.redaction.assignments import mask_assignments
from fame_sql.redaction.commands import mask_commands
from fame_sql.redaction.net import mask_net
from fame_sql.redaction.redis import mask_redis
from fame_sql.redaction.siblings import mask_siblings

_LONG_WORD = re.compile(r"[A-Za-z0-9_+/-]{12,}")


@dataclass(frozen=True)
class Traits:
    """What is known of a text before any pattern is tried, to leave most patterns out.

    Parameters
    ----------
    lowered : str
        The text in lower case.
    is_ascii : bool
        Whether it is ASCII: elsewhere, patterns that ignore case match more than its lower case.
    digits : int
        Number of ASCII digits.
    run : int
        Length of its longest piece without white space.
    word : int
        Length of its longest piece of ASCII letters, digits and ``_+/-``; 0 if that is short.
    """

    lowered: str
    is_ascii: bool
    digits: int
    run: int
    word: int

    @classmethod
    def of(cls, text: str) -> Traits:
        """Return the traits of a text."""
        digits = sum(map(text.count, "0123456789"))
        run = max(map(len, text.split()), default=0)
        word = max(map(len, _LONG_WORD.findall(text)), default=0)
        return cls(text.lower(), text.isascii(), digits, run, word)


Check = Callable[[re.Match[str]], bool]
Scanner = Callable[[str], tuple[str, int]]
_SCANNERS: dict[str, Scanner] = {
    "assignments": mask_assignments,
    "commands": mask_commands,
    "net": mask_net,
    "redis": mask_redis,
    "siblings": mask_siblings,
}


@dataclass(frozen=True)
class Kind:
    """A kind of text that is masked.

    Parameters
    ----------
    name : str
        Its name, for the counts.
    what : str
        What it is, for readers.
    leaves : str
        What it does not find, or leaves on purpose, for readers.
    known_format : bool
        Whether its form alone identifies it, so that it must not occur in what has been masked.
    needs : tuple of str
        Lower-case texts of which at least one occurs wherever the kind does; empty if unknown.
    hints : tuple of str
        The same, for texts in ASCII.
    digits : int
        Number of ASCII digits that a text with the kind has at least.
    run, word : int
        Length that its longest piece without white space, and its longest word, have at least.
    begins : re.Pattern, optional
        Finds a hint at the beginning of a word, for kinds that begin with one of theirs.
    masks, keeps : tuple of str
        Samples with the secret between « and », and texts that stay as they are.
    pattern : re.Pattern, optional
        Matches the text.
    placeholder : str
        Replaces it; group references as in :func:`re.sub`.
    check : callable, optional
        Decides what the pattern cannot, such as a check digit.
    scanner : callable, optional
        Masks in place of a pattern; returns the text and how much was masked.
    is_net : bool
        Whether it takes what all others have left.
    """

    name: str
    what: str
    leaves: str
    known_format: bool
    needs: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    digits: int = 0
    run: int = 0
    word: int = 0
    begins: re.Pattern[str] | None = None
    masks: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    placeholder: str = "<secret>"
    check: Check | None = None
    scanner: Scanner | None = None
    is_net: bool = False

    def can_be_in(self, traits: Traits) -> bool:
        """Return whether the kind can occur in a text; if not, no pattern has to be tried."""
        if traits.digits < self.digits or traits.run < self.run or traits.word < self.word:
            return False
        if self.needs and not _has_any(self.needs, traits.lowered):
            return False
        if not (self.hints and traits.is_ascii):
            return True
        if not _has_any(self.hints, traits.lowered):
            return False
        return self.begins is None or self.begins.search(traits.lowered) is not None

    def mask(self, text: str, traits: Traits, names: set[str] | None = None) -> tuple[str, int]:
        """Return a text with this kind masked, and how often.

        Parameters
        ----------
        text : str
            The text.
        traits : Traits
            Its traits.
        names : set of str, optional
            Takes the names of accounts that were masked.
        """
        if not self.can_be_in(traits):
            return text, 0
        if self.scanner is not None:
            return self.scanner(text)
        assert self.pattern is not None
        if self.check is None:
            return self.pattern.subn(self.placeholder, text)
        return self._mask_checked(text, names if self.placeholder == r"\1<user>" else None)

    def _mask_checked(self, text: str, names: set[str] | None) -> tuple[str, int]:
        assert self.pattern is not None
        assert self.check is not None
        kept: list[str] = []
        end = masked = 0
        for match in self.pattern.finditer(text):
            if self.check(match):
                kept += (text[end : match.start()], match.expand(self.placeholder))
                end = match.end()
                masked += 1
                if names is not None:
                    names.add(match.group()[len(match.group(1)) :])
        return "".join((*kept, text[end:])), masked


def _beginning(hints: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, hints))})")


def _has_any(words: tuple[str, ...], text: str) -> bool:
    for word in words:  # noqa: SIM110  A generator would take twice the time.
        if word in text:
            return True
    return False


@cache
def kinds() -> tuple[Kind, ...]:
    """Return all kinds in the order of application."""
    folder = files("fame_sql.redaction").joinpath("kinds")
    texts = [
        entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    ]
    return tuple(_kind(row) for text in texts for row in tomllib.loads(text)["kind"])


def _kind(row: dict[str, Any]) -> Kind:
    lists = {name: tuple(row.get(name, ())) for name in ("needs", "hints", "masks", "keeps")}
    return Kind(
        row["name"],
        row["what"],
        row.get("leaves", ""),
        row["known_format"],
        **lists,
        digits=row.get("digits", 0),
        run=row.get("run", 0),
        word=row.get("word", 0),
        begins=_beginning(lists["hints"]) if row.get("at_start") else None,
        pattern=re.compile(row["pattern"]) if "pattern" in row else None,
        placeholder=row.get("placeholder", "<secret>"),
        check=getattr(checks, row["check"]) if "check" in row else None,
        scanner=_SCANNERS[row["scanner"]] if "scanner" in row else None,
        is_net=row.get("is_net", False),
    )
