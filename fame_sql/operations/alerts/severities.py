"""The order of severities, and the words by which others call them."""

from __future__ import annotations

from fame_sql.operations.incidents import Severity

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error", "critical")
"""From the mildest to the worst."""

_OTHER_WORDS: dict[str, Severity] = {
    "fatal": "critical",
    "high": "error",
    "medium": "warning",
    "low": "info",
    "none": "info",
}


def severity_of(text: object) -> Severity:
    """Return the severity that a word means; an unknown word must not become quieter."""
    word = str(text).strip().lower()
    if word in SEVERITIES:
        return word
    return _OTHER_WORDS.get(word, "error")


def rank(severity: object) -> int:
    """Return the place of a severity in their order; higher is worse."""
    return SEVERITIES.index(severity_of(severity))


def worst(*severities: object) -> Severity:
    """Return the worst of some severities."""
    return severity_of(max(severities, key=rank))
