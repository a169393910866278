"""From log files to suspects in one step: read, mine, rank."""

from __future__ import annotations

from collections.abc import Callable

from fame_sql.console import Progress, SilentProgress
from fame_sql.suspects.suspects import Look, find_suspects
from fame_sql.templates.matching import match_events
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse

LATER = 0.8
"""The training period of a warehouse that is kept, as 'fame mine' has it."""


def look_at(
    warehouse: Warehouse,
    read: Callable[[Warehouse], object] | None = None,
    *,
    fraction: float = LATER,
    progress: Progress | None = None,
) -> Look:
    """Read logs into a warehouse, mine their templates and rank the suspects.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse; its templates are mined if it has none, and stay as they are otherwise.
    read : callable, optional
        Loads logs into the warehouse.
    fraction : float
        The share of the lines that templates are mined from, if there are none yet.
    progress : Progress, optional
        Receives the progress.

    Raises
    ------
    InputError
        If a log cannot be used.
    MissingStageError
        If the warehouse has no logs.
    """
    progress = progress or SilentProgress()
    if read is not None:
        read(warehouse)
    if warehouse.value("SELECT count(*) FROM fame.templates"):
        match_events(warehouse, progress=progress)
    else:
        mine(warehouse, fraction=fraction, progress=progress)
    with progress.step("ranking suspects"):
        return find_suspects(warehouse)
