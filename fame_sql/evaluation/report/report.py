"""What a study came to for one K: measures, claims and facts, for the terminal, JSON and page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from fame_sql.evaluation.metrics import Measured
from fame_sql.evaluation.report.page import Section
from fame_sql.evaluation.study.claims import SUBJECT, Claim, claims, sentences
from fame_sql.evaluation.study.findings import PARTS, Finding
from fame_sql.evaluation.study.study import StudyPlan
from fame_sql.evaluation.study.summary import (
    Key,
    as_rows,
    confusion,
    gathered,
    labels_spent,
    measured,
    most_wrong,
)


@dataclass(frozen=True)
class StudyReport:
    """What the findings of one plan come to.

    Parameters
    ----------
    plan : StudyPlan
        What was tried.
    findings : sequence of Finding
        What it found.
    measures : mapping
        By weighting, what :func:`fame_sql.evaluation.study.summary.measured` says.
    claims : sequence of Claim
        Where fame clears another detector, and where not.
    """

    plan: StudyPlan
    findings: Sequence[Finding]
    measures: Mapping[str, Mapping[Key, Mapping[str, Measured]]]
    claims: Sequence[Claim]

    @classmethod
    def of(
        cls, plan: StudyPlan, findings: Sequence[Finding], weightings: Iterable[str]
    ) -> StudyReport:
        """Measure findings.

        Parameters
        ----------
        plan : StudyPlan
            What was tried.
        findings : sequence of Finding
            What it found.
        weightings : iterable of str
            What counts, each of :data:`fame_sql.evaluation.study.weightings.WEIGHTINGS`.
        """
        measures = {name: measured(gathered(findings, name)) for name in weightings}
        return cls(plan, findings, measures, claims(gathered(findings)) if measures else [])

    @property
    def facts(self) -> list[str]:
        """Sentences on seeds, labels and what is measured, and on what may be claimed."""
        seeds = "1 seed" if self.plan.seeds == 1 else f"{self.plan.seeds} seeds"
        return [
            f"{seeds}, K = {self.plan.per_template}; intervals are 95 % of bootstraps over seeds "
            "and blocks of time.",
            f"Lines labelled of those available: {self._labels()}.",
            "The recall bound is what the ranking allows at 1 % false alarms, the threshold chosen "
            "on the judged lines themselves.",
            f"Unseen categories: {PARTS['unseen categories']}.",
            *sentences(self.claims),
        ]

    def _labels(self) -> str:
        return "; ".join(
            f"{spent.split}: {spent.labels} of {spent.lines} lines"
            + (f" (1 in {spent.reduction:.1f})" if spent.reduction else "")
            for spent in labels_spent(self.findings)
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain values, for JSON."""
        return {
            "facts": self.facts,
            "per_template": self.plan.per_template,
            "labels": [asdict(spent) for spent in labels_spent(self.findings)],
            "measures": [r for name, found in self.measures.items() for r in as_rows(found, name)],
            "claims": [claim.to_dict() for claim in self.claims],
            "confusion": [asdict(cell) for cell in confusion(self.findings)],
        }

    def section(self, texts: Mapping[int, str]) -> Section:
        """Return what the page says.

        Parameters
        ----------
        texts : mapping
            Canonical text of each event.
        """
        tried = self.plan.detectors
        return Section(
            f"K = {self.plan.per_template}",
            gathered(self.findings),
            self.measures,
            confusion(self.findings),
            most_wrong(self.findings, texts, SUBJECT if SUBJECT in tried else tried[-1]),
            self.facts,
        )
