"""What is labelled now."""

from __future__ import annotations

from dataclasses import dataclass

from fame_sql import sql
from fame_sql.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class LabelReport:
    """What is labelled now.

    Parameters
    ----------
    labels, anomalous : int
        Judged lines, and those judged anomalous.
    lines_available : int
        Lines of the training period, the only ones that may be judged.
    conflicting_events : int
        Events with lines of both kinds: their masks erase what decides.
    normal_templates, anomalous_templates, mixed_templates, unlabelled_templates : int
        Templates by status.
    """

    labels: int
    anomalous: int
    lines_available: int
    conflicting_events: int
    normal_templates: int
    anomalous_templates: int
    mixed_templates: int
    unlabelled_templates: int


def count_labels(warehouse: Warehouse) -> LabelReport:
    """Return what is labelled now."""
    return LabelReport(**warehouse.records(sql.load("labels/report"))[0])


def finish(warehouse: Warehouse) -> LabelReport:
    """Bring the status of the templates up to date with their labels, and report."""
    warehouse.connection.execute(sql.load("labels/set_template_status"))
    return count_labels(warehouse)
