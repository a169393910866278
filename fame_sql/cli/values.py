"""SQL values as JSON can hold them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID


def plain(value: object) -> object:
    """Return a SQL value as a type that JSON has; for ``json.dumps(default=plain)``.

    Raises
    ------
    TypeError
        If the value is of a type without a JSON form.
    """
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, UUID | timedelta):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")
