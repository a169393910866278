"""The verdict: its columns, their types and the decision threshold, defined once.

Whatever computes, stores or shows a verdict imports :class:`Verdict` or is generated from it.
"""

from __future__ import annotations

from fame_sql.verdict.verdict import THRESHOLD, Verdict, decided_by, is_anomalous

__all__ = ["THRESHOLD", "Verdict", "decided_by", "is_anomalous"]
