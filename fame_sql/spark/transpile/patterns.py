"""Regular expressions and replacements that Java reads as RE2 does."""

from __future__ import annotations

import re

_GROUP = re.compile(r"\\([0-9])")

# A back-slash before punctuation is that character in RE2 and Java alike.
_UNLIKE = {
    r"\(\?": "groups that begin with (?",
    r"\\[A-Za-z0-9]": "escapes such as \\s, \\d, \\b or \\1, which Java reads otherwise",
    r"(?<!\\)[*+?}]\+": "possessive repetition, which is Java's alone",
    r"(?<!\\)\)(?:[*+]|\{)": (
        "a repeated group, on which Java recurses: one long message overflows an executor's stack"
    ),
    r"(?<!\\)\{(?!\d+(?:,\d*)?\})": "a brace that repeats nothing, which Java cannot read",
    r"&&": "&&, which intersects classes in Java",
}


def pattern_fault(pattern: str) -> str | None:
    """Return what keeps a pattern from meaning the same to RE2 and Java, None if nothing does.

    Parameters
    ----------
    pattern : str
        As DuckDB reads it.
    """
    outside = _outside_classes(pattern)
    if outside is None:
        return "a class that holds [ or is not closed, which Java reads as a union"
    for unlike, told in _UNLIKE.items():
        if re.search(unlike, outside):
            return told
    if re.search(r"(?<!\\)[.$]", outside):
        return ". or $, which treat line ends otherwise in Java"
    try:
        if not pattern or re.fullmatch(pattern, ""):
            return "a match of no characters, which is replaced otherwise in Java"
    except re.error as error:
        return f"what cannot be read ({error})"
    return None


def _outside_classes(pattern: str) -> str | None:
    """Return the pattern with each plain class as one letter, None if one is not plain."""
    plain = re.sub(r"(?<!\\)\[\^?(?:[^\[\]\\&]|\\[^A-Za-z0-9])*\]", "x", pattern)
    return None if re.search(r"(?<!\\)[\[\]]", plain) else plain


def java_replacement(replacement: str) -> str:
    r"""Return a replacement of RE2 as Java and Rust write it: ``\1`` becomes ``$1``.

    Raises
    ------
    ValueError
        If it holds what the two read otherwise: a dollar, a back-slash before anything but a
        digit, or a group before a letter or digit.
    """
    plain = _GROUP.sub("", replacement)
    if "$" in plain or "\\" in plain:
        raise ValueError("a dollar or a back-slash")
    if re.search(r"\\[0-9][0-9A-Za-z_]", replacement):
        raise ValueError("a letter or digit after a group")
    return _GROUP.sub(r"$\1", replacement)
