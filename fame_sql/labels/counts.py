"""The numbers of labels and of labelled templates."""

from __future__ import annotations

from dataclasses import dataclass

from fame_sql import sql
from fame_sql.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class LabelReport:
    """The numbers of labels and of labelled templates.

    Parameters
    ----------
    labels, anomalous : int
        Labelled lines, and those labelled anomalous.
    lines_available : int
        Lines of the training period; only these can be labelled.
    conflicting_events : int
        Events with lines of both labels: the masks remove what distinguishes them.
    normal_templates, anomalous_templates, mixed_templates, unlabelled_templates : int
        Templates by status.
    by_words : int
        Labels of a rule that rest on failure words, because their lines have no severity.
    """

    labels: int
    anomalous: int
    lines_available: int
    conflicting_events: int
    normal_templates: int
    anomalous_templates: int
    mixed_templates: int
    unlabelled_templates: int
    by_words: int = 0


def count_labels(warehouse: Warehouse) -> LabelReport:
    """Return the current numbers of labels and of labelled templates."""
    return LabelReport(**warehouse.records(sql.load("labels/report"))[0])


def finish(warehouse: Warehouse) -> LabelReport:
    """Update the status of the templates from their labels, and return a report."""
    warehouse.connection.execute(sql.load("labels/set_template_status"))
    return count_labels(warehouse)
