"""Values of the warehouse as text and numbers of other formats."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1)
_DOCUMENTS = ("attributes", "resource_attributes")


def moment(value: datetime) -> str:
    """Return a time of the warehouse, which is in UTC, as text that says so."""
    return f"{value.isoformat()}Z"


def microseconds(value: datetime) -> int:
    """Return the microseconds from the epoch to a time of the warehouse."""
    return (value - _EPOCH) // timedelta(microseconds=1)


def attributes(text: str | None) -> dict[str, Any]:
    """Return stored attributes as an object; what is nested too deeply for Python stays text."""
    try:
        found = json.loads(text or "{}")
    except RecursionError:
        found = text
    return found if isinstance(found, dict) else {"value": found}


def document(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a JSON object: attributes as objects, and without what is NULL."""
    found = {name: value for name, value in row.items() if value is not None}
    for name in _DOCUMENTS:
        if name in found:
            found[name] = attributes(found[name])
    return {
        name: moment(value) if isinstance(value, datetime) else value
        for name, value in found.items()
    }


def line(value: dict[str, Any]) -> bytes:
    """Return an object as a line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
