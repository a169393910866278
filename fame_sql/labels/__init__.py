"""Labels: at most K lines per template of the training period, distinct events first."""

from __future__ import annotations

from fame_sql.labels.by_people.exchange import export_lines, import_labels
from fame_sql.labels.counts import LabelReport, count_labels
from fame_sql.labels.selection.per_template import PER_EVENT, PER_TEMPLATE
from fame_sql.labels.sources import (
    STRATEGIES,
    label_from_column,
    label_from_severity,
    label_some_from_column,
)

__all__ = [
    "PER_EVENT",
    "PER_TEMPLATE",
    "STRATEGIES",
    "LabelReport",
    "count_labels",
    "export_lines",
    "import_labels",
    "label_from_column",
    "label_from_severity",
    "label_some_from_column",
]
