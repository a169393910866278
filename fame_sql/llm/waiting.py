"""What to do after a refused request: whether to send it again, and when."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_WAIT = 600.0
_LONGEST_BACKOFF = 30.0
_TEMPORARY = (408, 409, 425, 429)
_NO_CREDIT = (
    "insufficient_quota",
    "billing_hard_limit",
    "billing_not_active",
    "insufficient_balance",
    "insufficient_credits",
    "credit balance",
    "exceeded your current quota",
    "payment_required",
)


def is_temporary(status: int, body: str) -> bool:
    """Return whether the same request may succeed later: not if the account has no credit."""
    if status == 429 and any(word in body.lower() for word in _NO_CREDIT):
        return False
    return status in _TEMPORARY or status >= 500


def requested_wait(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that an endpoint asks to wait, or None.

    Parameters
    ----------
    headers : mapping
        Of its answer: ``retry-after-ms``, or ``Retry-After`` in seconds or as a date.
    now : datetime, optional
        The present moment.
    """
    for name, factor in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * factor
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        moment = parsedate_to_datetime(headers.get("retry-after", ""))
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def backoff(attempt: int) -> float:
    """Return how long to wait if the endpoint does not say: longer after each attempt."""
    return min(0.5 * 2.0 ** (attempt - 1), _LONGEST_BACKOFF)


def read_json(content: bytes) -> Any:
    """Return the JSON of an answer, also if its text is not UTF-8; None if it is not JSON."""
    try:
        return json.loads(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
