"""Metrics of a warehouse for Prometheus, and the text format that they are written in."""

from __future__ import annotations

from fame_sql.operations.metrics.measured import measure, names
from fame_sql.operations.metrics.text import CONTENT_TYPE, Metric, Sample, as_text, seconds_of

__all__ = ["CONTENT_TYPE", "Metric", "Sample", "as_text", "measure", "names", "seconds_of"]
