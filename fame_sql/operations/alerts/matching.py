"""Which incidents a route, a silence or a maintenance window is about.

A match is a list of conditions that must all hold, written as Alertmanager writes them:
``service="web",severity=~"error|critical"``. Patterns cover the whole value. They are run by RE2,
whose time grows with the length of the value alone, whatever the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from fame_sql.errors import InputError
from fame_sql.operations.incidents import Incident

FIELDS = ("service", "domain", "severity", "template", "fingerprint", "incident")

_CONDITION = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(,|$)')
_EXAMPLE = 'service="web",severity=~"error|critical"'


@dataclass(frozen=True)
class Condition:
    """One condition of a match.

    Parameters
    ----------
    field : str
        What is compared, such as ``service``.
    operator : {"=", "!=", "=~", "!~"}
        How.
    value : str
        The text or the pattern.
    """

    field: str
    operator: str
    value: str

    def holds(self, values: Iterable[str]) -> bool:
        """Return whether it holds for an incident with these values of its field."""
        known = list(values) or [""]
        found = any(self._equals(value) for value in known)
        return found if self.operator in ("=", "=~") else not found

    def _equals(self, value: str) -> bool:
        if self.operator in ("=", "!="):
            return value == self.value
        return _covers(self.value, value)


@dataclass(frozen=True)
class Match:
    """Conditions that must all hold; none at all holds for every incident.

    Parameters
    ----------
    conditions : tuple of Condition
        The conditions.
    text : str
        How they were written.
    """

    conditions: tuple[Condition, ...] = ()
    text: str = ""

    def covers(self, incident: Incident) -> bool:
        """Return whether all conditions hold for an incident."""
        return all(each.holds(values_of(incident, each.field)) for each in self.conditions)


def values_of(incident: Incident, field: str) -> tuple[str, ...]:
    """Return the values that an incident has for a field; none if there is no such field."""
    if field == "template":
        return incident.templates
    found = {
        "service": incident.service_name,
        "domain": incident.domain,
        "severity": incident.severity,
        "fingerprint": incident.fingerprint,
        "incident": incident.incident_id,
    }.get(field)
    return () if found is None else (found,)


def read_match(text: str, where: str) -> Match:
    """Return the match that is written in ``text``.

    Parameters
    ----------
    text : str
        The conditions, separated by commas.
    where : str
        What the match belongs to, for the message of an error.

    Raises
    ------
    InputError
        If it cannot be read, a pattern is invalid, or a condition can never hold.
    """
    conditions = []
    at = 0
    while at < len(text):
        found = _CONDITION.match(text, at)
        if found is None:
            raise InputError(f"{where}: {text!r} is no match: write {_EXAMPLE}")
        conditions.append(_condition(found[1], found[2], _unescaped(found[3]), where))
        at = found.end()
    return Match(tuple(conditions), text)


def check_narrow(match: Match, where: str) -> None:
    """Refuse a match that would also cover incidents without the fields it names.

    Raises
    ------
    InputError
        If every condition holds for an empty value.
    """
    if all(each.holds(()) for each in match.conditions):
        raise InputError(
            f"{where}: {match.text!r} also covers incidents that have no such field, so that it "
            f"could hide everything: give at least one condition that an empty value does not "
            f"meet, such as {_EXAMPLE}"
        )


def _condition(field: str, operator: str, value: str, where: str) -> Condition:
    condition = Condition(field, operator, value)
    if operator in ("=~", "!~"):
        _check_pattern(value, where)
    if field not in FIELDS and not condition.holds(()):
        raise InputError(
            f"{where}: no incident has the field {field!r}, so that it matches nothing; fields "
            f"are {', '.join(FIELDS)}"
        )
    return condition


def _check_pattern(pattern: str, where: str) -> None:
    import pyarrow as pa

    try:
        _covers(pattern, "")
    except pa.ArrowInvalid as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{where}: the pattern {pattern!r} is invalid: {reason}") from None


def _unescaped(text: str) -> str:
    return re.sub(r'\\(["\\])', r"\1", text)


@cache
def _anchored(pattern: str) -> str:
    return f"^(?:{pattern})$"


def _covers(pattern: str, value: str) -> bool:
    import pyarrow as pa
    import pyarrow.compute

    compute: Any = pyarrow.compute
    found = compute.match_substring_regex(pa.array([value], pa.string()), _anchored(pattern))
    return bool(found[0].as_py())
