"""Anomalies of counts: templates that come more or less often within their service than before."""

from __future__ import annotations

from fame_sql.operations.counts.counting import count_lines
from fame_sql.operations.counts.testing import compare_between, run_tests
from fame_sql.operations.counts.update import CountReport, update

__all__ = ["CountReport", "compare_between", "count_lines", "run_tests", "update"]
