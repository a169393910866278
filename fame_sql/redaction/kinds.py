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

Check = Callable[[re.Match[str]], bool]
Scanner = Callable[[str], tuple[str, int]]
_SCANNERS: dict[str, Scanner] = {"assignments": mask_assignments}


@dataclass(frozen=True)
class Kind:
    """A kind of text that is masked.

    Parameters
    ----------
    name : str
        Its name, for the counts.
    what : str
        What it is, for readers.
    known_format : bool
        Whether its form alone identifies it, so that it must not occur in what has been masked.
    needs : tuple of str
        Lower-case texts of which at least one occurs wherever the kind does; empty if unknown.
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
    """

    name: str
    what: str
    known_format: bool
    needs: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    placeholder: str = "<secret>"
    check: Check | None = None
    scanner: Scanner | None = None

    def mask(self, text: str, lowered: str) -> tuple[str, int]:
        """Return a text with this kind masked, and how often.

        Parameters
        ----------
        text : str
            The text.
        lowered : str
            The text in lower case, from which ``needs`` are looked up.
        """
        if self.needs and not any(needed in lowered for needed in self.needs):
            return text, 0
        if self.scanner is not None:
            return self.scanner(text)
        assert self.pattern is not None
        if self.check is None:
            return self.pattern.subn(self.placeholder, text)
        return self._mask_checked(text)

    def _mask_checked(self, text: str) -> tuple[str, int]:
        assert self.pattern is not None
        assert self.check is not None
        kept: list[str] = []
        end = masked = 0
        for match in self.pattern.finditer(text):
            if self.check(match):
                kept += (text[end : match.start()], match.expand(self.placeholder))
                end = match.end()
                masked += 1
        return "".join((*kept, text[end:])), masked


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
    lists = {name: tuple(row.get(name, ())) for name in ("needs", "masks", "keeps")}
    return Kind(
        row["name"],
        row["what"],
        row["known_format"],
        **lists,
        pattern=re.compile(row["pattern"]) if "pattern" in row else None,
        placeholder=row.get("placeholder", "<secret>"),
        check=getattr(checks, row["check"]) if "check" in row else None,
        scanner=_SCANNERS[row["scanner"]] if "scanner" in row else None,
    )
