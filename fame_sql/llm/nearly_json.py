"""Reading what is JSON but for its commas or quotes, rows of JSON one a line, and YAML.

Only what has one meaning is read. An answer that was cut off has a bracket that is open, or a last
line that is no object, and is not read as a whole one.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any

_PIECE = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|[{}\[\]]", re.DOTALL)
_STRING_OR_COMMA = re.compile(r"(\"(?:[^\"\\]|\\.)*+\")|,(?=\s*[}\]])", re.DOTALL)
_FENCED = re.compile(r"\A\s*```\w*\n(.*?)\n```\s*\Z", re.DOTALL)
_REFERENCE = re.compile(r"(?m)(?:^|[\s\[{,:-])[&*!]\w")
_FENCE = re.compile(r"```[a-z]*\s*\Z")
_PAIRS = {"}": "{", "]": "["}
_LONGEST_LITERAL = 200_000


def nearly_json(text: str, start: int) -> tuple[Any, int] | None:
    """Return the value that begins at a bracket and where it ends, or None.

    It is JSON with commas before closing brackets, or a literal of Python.

    Parameters
    ----------
    text : str
        The text.
    start : int
        Where the bracket is.
    """
    end = _end_of(text, start)
    if end is None or end - start > _LONGEST_LITERAL:
        return None
    found = text[start:end]
    for read in (_without_last_commas, _literal):
        try:
            return read(found), end
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def rows_of_lines(text: str) -> list[dict[str, Any]]:
    """Return the objects of a text that has one a line and nothing else; else an empty list."""
    lines = [line for line in map(str.strip, text.splitlines()) if line]
    rows: list[dict[str, Any]] = []
    for line in lines:
        if _FENCE.match(line):
            continue
        try:
            row = json.loads(line.removesuffix(","))
        except (ValueError, RecursionError):
            return []
        if not isinstance(row, dict):
            return []
        rows.append(row)
    return rows


def of_yaml(text: str) -> Any:
    """Return what a text says that is YAML as a whole, all scalars as texts; else None.

    References are refused: a few of them stand for more text than any memory holds. So is JSON,
    whose values have types.
    """
    import yaml

    fenced = _FENCED.match(text)
    found = fenced[1] if fenced else text
    is_json = found.lstrip()[:1] in "{["
    if is_json or len(found) > _LONGEST_LITERAL or _REFERENCE.search(found):
        return None
    try:
        return yaml.load(found, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _end_of(text: str, start: int) -> int | None:
    """Return where the bracket at ``start`` is closed."""
    opened: list[str] = []
    for piece in _PIECE.finditer(text, start):
        mark = piece.group()
        if mark in ("{", "["):
            opened.append(mark)
        elif mark in _PAIRS:
            if not opened or opened.pop() != _PAIRS[mark]:
                return None
            if not opened:
                return piece.end()
    return None


def _without_last_commas(found: str) -> Any:
    return json.loads(_STRING_OR_COMMA.sub(lambda match: match[1] or "", found))


def _literal(found: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # of escapes that Python does not know
        return ast.literal_eval(found)
