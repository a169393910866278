"""Detectors over windows that need no language model, and the comparison of all detectors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fame_sql import sql
from fame_sql.errors import InputError, MissingStageError
from fame_sql.warehouse.severities import SEVERITIES
from fame_sql.warehouse.warehouse import Warehouse, utc_now

MINUTES = 10
MOST_DEVIATIONS = 3.0
_DIVIDE_AN_HOUR = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
_RULE = re.compile(r"\s*([A-Za-z]+)\s*[>:]\s*([0-9]{1,9})\s*")


@dataclass(frozen=True)
class Rule:
    """More lines of a severity than a number, within as many minutes as a window has.

    Parameters
    ----------
    severity : str
        The severity, or a higher one.
    most : int
        The number of lines that is still no alarm.
    """

    severity: str = "ERROR"
    most: int = 10

    @classmethod
    def read(cls, text: str) -> Rule:
        """Return the rule that a text such as ``ERROR>10`` means.

        Raises
        ------
        InputError
            If it means none.
        """
        found = _RULE.fullmatch(text)
        if found is None or found[1].upper() not in SEVERITIES:
            raise InputError(
                f"{text!r} is no rule: write one as SEVERITY>NUMBER, such as 'ERROR>10', with one "
                f"of {', '.join(SEVERITIES)}"
            )
        return cls(found[1].upper(), int(found[2]))


def open_windows(warehouse: Warehouse, minutes: int = MINUTES, *, everything: bool = False) -> int:
    """Count the lines of each service and window, and return how many windows are judged.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with logs.
    minutes : int
        Length of a window; it divides an hour, as in dbt.
    everything : bool
        Judge all windows, not only those after the training period.

    Raises
    ------
    InputError
        If the length does not divide an hour.
    MissingStageError
        If there are no lines.
    """
    if minutes not in _DIVIDE_AN_HOUR:
        allowed = ", ".join(map(str, _DIVIDE_AN_HOUR))
        raise InputError(f"a window of {minutes} minutes does not divide an hour: use {allowed}")
    facts = {"minutes": minutes, "everything": everything}
    warehouse.connection.execute(sql.load("operations/windows/service_windows"), facts)
    judged = warehouse.value("SELECT count(*) FROM service_windows WHERE is_judged")
    if not warehouse.value("SELECT count(*) FROM service_windows"):
        raise MissingStageError("no lines", "fame ingest LOGFILE")
    return int(judged)


def detect(warehouse: Warehouse, minutes: int, rule: Rule, most_deviations: float) -> None:
    """Store what a rule and the z-score of error rates say of the windows.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse on which :func:`open_windows` has run.
    minutes : int
        Length of a window.
    rule : Rule
        The rule.
    most_deviations : float
        Standard deviations that are still no alarm.
    """
    facts: dict[str, Any] = {"minutes": minutes, "detected_at": utc_now()}
    severity = SEVERITIES[rule.severity]
    wanted: list[tuple[str, str, dict[str, Any]]] = [
        ("rule", "add_rule", {"severity": severity, "most": rule.most}),
        ("z-score", "add_z_score", {"most": most_deviations}),
    ]
    with warehouse.transaction():
        for name, statement, own in wanted:
            warehouse.connection.execute(sql.load("operations/windows/delete"), {"detector": name})
            warehouse.connection.execute(
                sql.load(f"operations/windows/{statement}"), {**facts, **own, "detector": name}
            )


def compare(warehouse: Warehouse, minutes: int) -> list[dict[str, Any]]:
    """Return each detector's alarms, lines to review and dollars, FAME last."""
    return warehouse.records(sql.load("operations/windows/compare"), {"minutes": minutes})
