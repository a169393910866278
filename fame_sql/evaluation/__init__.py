"""Evaluation of the champion's verdicts, and of the method on splits without leaks."""

from __future__ import annotations

from fame_sql.evaluation.champion import DETECTORS, Evaluation, Outcome, evaluate

__all__ = ["DETECTORS", "Evaluation", "Outcome", "evaluate"]
