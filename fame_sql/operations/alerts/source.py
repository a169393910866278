"""Where alerts come from: the counts and incidents of a warehouse, brought up to date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.operations import counts, incidents
from fame_sql.operations.incidents import Change
from fame_sql.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class WarehouseIncidents:
    """The incidents of a warehouse.

    Parameters
    ----------
    progress : Progress, optional
        Receives the progress of bringing them up to date.
    """

    progress: Progress = field(default_factory=SilentProgress)

    def update(self, warehouse: Warehouse, now: datetime) -> None:
        """Count new lines, test them, and gather what is anomalous into incidents."""
        counts.update(warehouse, now=now, progress=self.progress)
        incidents.update(warehouse, now, progress=self.progress)

    def changes(self, warehouse: Warehouse, after: int) -> list[tuple[int, Change]]:
        """Return the changes after a number, each with its own."""
        return incidents.changes_after(warehouse, after)

    def dismissed(self, warehouse: Warehouse) -> Mapping[str, str]:
        """Return what is known of the incidents that dismissals cover now, by their identifiers."""
        return dict(warehouse.rows(sql.load("operations/alerts/dismissed")))
