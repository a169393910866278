"""The report of a study for one K: measures, claims and facts, for terminal, JSON and page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from fame_sql.evaluation.metrics import Estimate
from fame_sql.evaluation.presentation.page import Section
from fame_sql.evaluation.study.claims import SUBJECT, Claim, claims, sentences
from fame_sql.evaluation.study.results import PARTS, DetectorResult
from fame_sql.evaluation.study.study import StudyPlan
from fame_sql.evaluation.study.summary import (
    Key,
    as_rows,
    confusion,
    group_results,
    label_costs,
    measure_groups,
    worst_mistakes,
)


@dataclass(frozen=True)
class StudyReport:
    """The measures and claims from the results of one plan.

    Parameters
    ----------
    plan : StudyPlan
        The splits, seeds and detectors.
    results : sequence of DetectorResult
        The results of the plan.
    measures : mapping
        By weighting, from :func:`fame_sql.evaluation.study.summary.measure_groups`.
    claims : sequence of Claim
        Where fame beats another detector, and where not.
    """

    plan: StudyPlan
    results: Sequence[DetectorResult]
    measures: Mapping[str, Mapping[Key, Mapping[str, Estimate]]]
    claims: Sequence[Claim]

    @classmethod
    def of(
        cls, plan: StudyPlan, results: Sequence[DetectorResult], weightings: Iterable[str]
    ) -> StudyReport:
        """Measure the results of a plan.

        Parameters
        ----------
        plan : StudyPlan
            The splits, seeds and detectors.
        results : sequence of DetectorResult
            The results of the plan.
        weightings : iterable of str
            What a line counts for, each of :data:`fame_sql.evaluation.study.weightings.WEIGHTINGS`.
        """
        measures = {name: measure_groups(group_results(results, name)) for name in weightings}
        return cls(plan, results, measures, claims(group_results(results)) if measures else [])

    @property
    def facts(self) -> list[str]:
        """Sentences on seeds, labels and measures, and on which claims stand."""
        seeds = "1 seed" if self.plan.seeds == 1 else f"{self.plan.seeds} seeds"
        return [
            f"{seeds}, K = {self.plan.per_template}; intervals are 95 % bootstrap intervals over "
            "seeds and blocks of time.",
            f"Labelled lines out of those available: {self._labels()}.",
            "The recall bound is the recall at 1 % (or 5 %) false alarms with the threshold "
            "chosen on the test lines themselves.",
            f"Unseen categories: {PARTS['unseen categories']}.",
            *sentences(self.claims),
        ]

    def _labels(self) -> str:
        return "; ".join(
            f"{spent.split}: {spent.labels} of {spent.lines} lines"
            + (f" (1 in {spent.reduction:.1f})" if spent.reduction else "")
            for spent in label_costs(self.results)
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain values, for JSON."""
        return {
            "facts": self.facts,
            "per_template": self.plan.per_template,
            "labels": [asdict(spent) for spent in label_costs(self.results)],
            "measures": [r for name, found in self.measures.items() for r in as_rows(found, name)],
            "claims": [claim.to_dict() for claim in self.claims],
            "confusion": [asdict(cell) for cell in confusion(self.results)],
        }

    def section(self, texts: Mapping[int, str]) -> Section:
        """Return the section of the page.

        Parameters
        ----------
        texts : mapping
            Canonical text of each event.
        """
        tried = self.plan.detectors
        return Section(
            f"K = {self.plan.per_template}",
            group_results(self.results),
            self.measures,
            confusion(self.results),
            worst_mistakes(self.results, texts, SUBJECT if SUBJECT in tried else tried[-1]),
            self.facts,
            self.claims,
            label_costs(self.results),
        )
