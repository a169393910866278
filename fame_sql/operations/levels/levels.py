"""The service levels of a warehouse: the view ``fame.service_levels``, and what mends each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fame_sql import sql
from fame_sql.operations.alerts.durations import span_of
from fame_sql.operations.alerts.stored_settings import has_settings
from fame_sql.warehouse.warehouse import Warehouse

_MENDING = {
    "coverage": ("of the lines have a verdict", "fame score"),
    "freshness": ("of the lines were read within {threshold} of being written", "fame ingest"),
    "latency": ("of the lines were judged within {threshold} of being read", "fame score"),
    "stability": ("of the lines are of services with a PSI below {threshold}", "fame drift"),
    "answers": ("of the questions about templates wait less than {threshold}", "fame queue"),
}


@dataclass(frozen=True)
class Level:
    """One service level.

    Parameters
    ----------
    objective : str
        What is measured.
    threshold : float or None
        From where on something is not as it should be.
    unit : str or None
        The unit of the threshold.
    target : float
        Which share should be as it should be.
    days : float
        Over how many days.
    total, good : int
        How many lines or questions there were, and how many of them were as they should be.
    ratio : float or None
        Their share; None if there were none.
    budget_left : float or None
        How much of the error budget is left: 1 for all, negative if more than all is spent.
    """

    objective: str
    threshold: float | None
    unit: str | None
    target: float
    days: float
    total: int
    good: int
    ratio: float | None
    budget_left: float | None

    @property
    def is_missed(self) -> bool:
        """Whether less is as it should be than the target asks for."""
        return self.ratio is not None and self.ratio < self.target

    def sentence(self) -> str:
        """Return how much is as it should be, in words."""
        if self.ratio is None:
            return "nothing to measure"
        threshold = self.threshold or 0
        limit = span_of(threshold) if self.unit == "seconds" else f"{threshold:g}"
        words = _MENDING[self.objective][0].format(threshold=limit)
        return f"{self.ratio:.2%} {words}; the target is {self.target:.4g}"


def read_levels(warehouse: Warehouse) -> list[Level]:
    """Return the service levels of a warehouse, which may be open read-only."""
    return [Level(*row) for row in warehouse.rows(sql.load("operations/levels/levels"))]


def level_findings(warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    """Yield the service levels that are missed, and what mends each.

    Only of a warehouse that sends alerts: with others nobody is on call.
    """
    if not has_settings(warehouse):
        return
    for level in read_levels(warehouse):
        if level.is_missed:
            yield (
                f"service level {level.objective}: {level.good:,} of {level.total:,} in "
                f"{level.days:g} days, {level.sentence()}",
                _MENDING[level.objective][1],
            )
