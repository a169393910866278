"""Suspicion: how urgent an answer about a new template is.

Words, severity and count are added on the scale of log-odds. Words alone find half of the new
anomalies, and severity alone reports whole templates of regular errors. The view
``fame.label_queue`` computes the same in SQL.
"""

from __future__ import annotations

import math

from fame_sql.warehouse.severities import SEVERITIES

BY_SEVERITY = (("FATAL", 6.0), ("ERROR", 4.0), ("WARN", 2.0))
"""What a severity adds, the highest that is reached."""

LEAST = 0.001
"""Scores nearer to 0 or 1 than this count as that far."""


def suspicion(score: float, severity_number: int, lines: int) -> float:
    """Return the suspicion of a new template; 0 where a single line speaks for neither side.

    Parameters
    ----------
    score : float
        The highest score of its lines by their words, in [0, 1].
    severity_number : int
        Their highest severity, as OpenTelemetry numbers it; 0 without one.
    lines : int
        How many there are.
    """
    words = math.log(max(score, LEAST) / max(1 - score, LEAST))
    severe = next((w for name, w in BY_SEVERITY if severity_number >= SEVERITIES[name]), 0.0)
    return words + severe + math.log10(lines)
