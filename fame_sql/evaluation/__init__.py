"""How good the verdicts are: of the champion, and of the method under protocols without leaks."""

from __future__ import annotations

from fame_sql.evaluation.champion import DETECTORS, Evaluation, Outcome, evaluate

__all__ = ["DETECTORS", "Evaluation", "Outcome", "evaluate"]
