"""Regular expressions and replacements with the same meaning in RE2 and Java."""

from __future__ import annotations

import re

_GROUP = re.compile(r"\\([0-9])")

# A backslash before punctuation stands for that character in both RE2 and Java.
_DIFFERENCES = {
    r"\(\?": "groups that begin with (?",
    r"\\[A-Za-z0-9]": "escapes such as \\s, \\d, \\b or \\1, which Java reads differently",
    r"(?<!\\)[*+?}]\+": "possessive repetition, which only Java has",
    r"(?<!\\)\)(?:[*+]|\{)": (
        "a repeated group, for which Java recurses: one long message overflows an executor's stack"
    ),
    r"(?<!\\)\{(?!\d+(?:,\d*)?\})": "a brace that repeats nothing, which Java cannot read",
    r"&&": "&&, which intersects classes in Java",
}


def pattern_fault(pattern: str) -> str | None:
    """Return why a pattern does not have the same meaning in RE2 and Java, None if it does.

    Parameters
    ----------
    pattern : str
        A pattern for DuckDB.
    """
    outside = _outside_classes(pattern)
    if outside is None:
        return "a class that holds [ or is not closed, which Java reads as a union"
    for construct, fault in _DIFFERENCES.items():
        if re.search(construct, outside):
            return fault
    if re.search(r"(?<!\\)[.$]", outside):
        return ". or $, which treat line ends differently in Java"
    try:
        if not pattern or re.fullmatch(pattern, ""):
            return "a match of no characters, which Java replaces differently"
    except re.error as error:
        return f"a syntax error and cannot be read ({error})"
    return None


def _outside_classes(pattern: str) -> str | None:
    """Return the pattern with a letter in place of each plain class, None if one is not plain."""
    plain = re.sub(r"(?<!\\)\[\^?(?:[^\[\]\\&]|\\[^A-Za-z0-9])*\]", "x", pattern)
    return None if re.search(r"(?<!\\)[\[\]]", plain) else plain


def java_replacement(replacement: str) -> str:
    r"""Return an RE2 replacement in the syntax of Java and Rust: ``\1`` becomes ``$1``.

    Raises
    ------
    ValueError
        If it has something that they read differently: a dollar, a backslash before anything but
        a digit, or a group before a letter or digit.
    """
    plain = _GROUP.sub("", replacement)
    if "$" in plain or "\\" in plain:
        raise ValueError("a dollar or a backslash")
    if re.search(r"\\[0-9][0-9A-Za-z_]", replacement):
        raise ValueError("a letter or digit after a group")
    return _GROUP.sub(r"$\1", replacement)
