"""Scrubbing at the door: secrets, addresses and names are masked before a line is stored."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from types import NoneType
from typing import Any

import duckdb

from fame_sql import sql
from fame_sql.redaction.masks import mask_forms, mask_text

_PLACEHOLDERS = ("<secret>", "<user>", "<host>", "<number>", "<position>", "<token>")
_UNREADABLE = '{"attributes":"<secret>"}'


def redact(connection: duckdb.DuckDBPyConnection) -> Counter[str]:
    """Mask the texts of the table ``incoming``, each distinct one once; return what was masked.

    Messages and attributes are masked. Times, levels, hosts and services are what a warehouse is
    asked for, and stay.
    """
    counts: Counter[str] = Counter()
    for column, masked in COLUMNS.items():
        texts = connection.execute(sql.load(f"ingest/redact/distinct_{column}")).fetchall()
        pairs = [(text, masked(text, counts)) for (text,) in texts]
        changed = [pair for pair in pairs if pair[0] != pair[1]]
        if changed:
            before, after = zip(*changed, strict=True)
            connection.execute(
                sql.load(f"ingest/redact/replace_{column}"),
                {"before": list(before), "after": list(after)},
            )
    return counts


def mask_json(text: str, counts: Counter[str]) -> str:
    """Return a JSON text with the strings in it masked."""
    try:
        value = json.loads(text)
        masked = _masked(value, counts)
    except (ValueError, RecursionError):
        counts["unreadable"] += 1
        return _UNREADABLE
    if masked == value:
        return text
    return json.dumps(masked, ensure_ascii=False, separators=(",", ":"))


def _masked(value: Any, counts: Counter[str]) -> Any:
    if isinstance(value, str):
        # A word alone is no sentence in which an unknown one says something.
        return mask_text(value, counts) if " " in value else mask_forms(value, counts)
    if isinstance(value, list):
        return [_masked(element, counts) for element in value]
    if isinstance(value, dict):
        return {key: _masked_pair(key, element, counts) for key, element in value.items()}
    return value


def _masked_pair(key: str, value: Any, counts: Counter[str]) -> Any:
    """Return the value of a key; the name of the key can say that it is a secret."""
    if not isinstance(value, dict | list | bool | NoneType):
        pair = mask_forms(f"{key}={value}", Counter())
        if pair in (f"{key}={placeholder}" for placeholder in _PLACEHOLDERS):
            counts["key"] += 1
            return pair[len(key) + 1 :]
    return _masked(value, counts)


COLUMNS: dict[str, Callable[[str, Counter[str]], str]] = {
    "body": mask_text,
    "attributes": mask_json,
    "resource_attributes": mask_json,
}
"""The columns that are masked, with what masks a text of each."""
