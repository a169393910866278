"""Silences: who wants to hear nothing of some incidents for a time, and why."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.operations.alerts.matching import check_narrow, read_match
from fame_sql.operations.alerts.state import Followed
from fame_sql.operations.alerts.storage import load_silences, load_state
from fame_sql.warehouse.warehouse import Warehouse

LONGEST = timedelta(days=90)


def covered_by(warehouse: Warehouse, match: str, now: datetime) -> list[Followed]:
    """Return the open incidents that a match covers.

    Raises
    ------
    InputError
        If it cannot be read, or would also cover incidents that lack the fields it names.
    """
    read = read_match(match, "silence")
    check_narrow(read, "silence")
    return [
        followed
        for followed in load_state(warehouse, now).followed.values()
        if followed.ended_at is None and not followed.is_own and read.covers(followed.incident)
    ]


def covers_everything(warehouse: Warehouse, match: str, now: datetime) -> bool:
    """Return whether a match covers every incident that is open, and more than one is."""
    is_open = [
        followed
        for followed in load_state(warehouse, now).followed.values()
        if followed.ended_at is None and not followed.is_own
    ]
    return len(is_open) > 1 and len(covered_by(warehouse, match, now)) == len(is_open)


def add_silence(
    warehouse: Warehouse,
    match: str,
    ends_at: datetime,
    author: str | None,
    reason: str,
    now: datetime,
    *,
    every: bool = False,
) -> str:
    """Silence incidents until a time, and return the identifier of the silence.

    Parameters
    ----------
    warehouse : Warehouse
        An open warehouse.
    match : str
        Which incidents, such as ``service="web"``.
    ends_at : datetime
        Until when, in UTC without a zone.
    author : str or None
        Who wants it.
    reason : str
        Why.
    now : datetime
        The time, in UTC.
    every : bool
        Accept a match that covers everything that is open.

    Raises
    ------
    InputError
        If the match is too wide, the end is past or too far away, or author or reason is missing.
    """
    if not reason.strip() or not (author or "").strip():
        raise InputError("a silence has an author and a reason: give --author and --reason")
    if ends_at <= now:
        raise InputError(f"a silence ends in the future, and {ends_at}Z is past")
    if ends_at - now > LONGEST:
        raise InputError(f"a silence ends within {LONGEST.days} days, {ends_at}Z is later")
    covered_by(warehouse, match, now)
    if not every and covers_everything(warehouse, match, now):
        raise InputError(
            f"{match!r} covers every incident that is open: narrow it, or accept that with --all"
        )
    silence_id = hashlib.sha256(f"{match} {ends_at} {author} {now}".encode()).hexdigest()[:8]
    warehouse.connection.execute(
        sql.load("operations/alerts/add_silence"),
        [silence_id, match, now, ends_at, author, reason, now],
    )
    return silence_id


def end_silence(warehouse: Warehouse, silence_id: str, now: datetime) -> None:
    """End a silence now.

    Raises
    ------
    InputError
        If there is none of that identifier that still holds.
    """
    if silence_id not in {row["silence_id"] for row in list_silences(warehouse, now)}:
        raise InputError(
            f"there is no silence {silence_id!r} that still holds: 'fame alert silences' lists them"
        )
    parameters = {"silence_id": silence_id, "now": now}
    warehouse.connection.execute(sql.load("operations/alerts/end_silence"), parameters)


def list_silences(warehouse: Warehouse, now: datetime) -> list[dict[str, Any]]:
    """Return the silences that hold, as rows."""
    return [
        {
            "silence_id": silence.silence_id,
            "match": silence.match.text,
            "starts_at": silence.starts_at,
            "ends_at": silence.ends_at,
            "author": silence.author,
            "reason": silence.reason,
        }
        for silence in load_silences(warehouse, now)
        if silence.ends_at > now
    ]
