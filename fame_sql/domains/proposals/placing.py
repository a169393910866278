"""Placing new templates: a language model adds them to an existing grouping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fame_sql.domains.certification.certificate import Finding
from fame_sql.domains.grouping import Domain, Grouping, TemplateSummary, slug
from fame_sql.domains.proposals.by_llm import template_row
from fame_sql.llm.answers import PlacementAnswer
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.prompts import PLACE, Row
from fame_sql.llm.request import Request
from fame_sql.llm.rows import covers, in_batches

_TOKENS_A_PLACEMENT = 20
_TEMPLATES_A_REQUEST = 200


@dataclass
class LLMPlacer:
    """Asks a language model to which domain each new template belongs.

    Parameters
    ----------
    model : LanguageModel
        The model to ask.
    """

    model: LanguageModel

    def __call__(self, current: Grouping, new: Sequence[TemplateSummary]) -> Grouping:
        """Return the grouping with the new templates added.

        Raises
        ------
        LanguageModelError
            If the model cannot be reached, the budget is too small, or two answers in a row
            cannot be used.
        """
        grouping = current
        for batch in self._batches(new):
            grouping = self._place(grouping, batch)
        return grouping

    def preview(self, current: Grouping, new: Sequence[TemplateSummary]) -> list[Request]:
        """Return the requests that do not depend on an answer, without sending them."""
        return [self._request(current, batch) for batch in self._batches(new)]

    def _batches(self, new: Sequence[TemplateSummary]) -> list[list[TemplateSummary]]:
        ordered = sorted(new, key=lambda t: (t.template, t.template_id))
        rows = [template_row(f"t{number}", t) for number, t in enumerate(ordered, 1)]
        window = self.model.window * 2 // 3
        cut = in_batches(rows, window, _TOKENS_A_PLACEMENT, _TEMPLATES_A_REQUEST)
        batches, start = [], 0
        for batch in cut:
            batches.append(ordered[start : start + len(batch)])
            start += len(batch)
        return batches

    def _request(self, current: Grouping, batch: Sequence[TemplateSummary]) -> Request:
        rows: list[Row] = [
            {"id": f"d{number}", "name": domain.name, "description": domain.description}
            for number, domain in enumerate(current.domains, 1)
        ]
        rows += [template_row(f"t{number}", t) for number, t in enumerate(batch, 1)]
        expected = _TOKENS_A_PLACEMENT * len(batch) + 60
        return self.model.request("place", PLACE, rows, PlacementAnswer, expected)

    def _place(self, current: Grouping, batch: Sequence[TemplateSummary]) -> Grouping:
        ids = {f"t{number}": t.template_id for number, t in enumerate(batch, 1)}
        names = {domain.name for domain in current.domains}
        repaired: list[str] = []

        def check(answer: PlacementAnswer) -> list[str]:
            known = names | {slug(domain.name) for domain in answer.new_domains}
            placed = [placement.domain for placement in answer.placements]
            unknown = sorted({name for name in placed if slug(name) not in known})
            wrong = covers((p.id for p in answer.placements), list(ids), "template")
            return wrong + [f"there is no domain {name[:60]}" for name in unknown]

        request = self._request(current, batch)
        answer = self.model.ask(request, PlacementAnswer, check, on_repair=repaired.extend)
        findings = [Finding("repair", None, False, w[:300], "sent back once") for w in repaired]
        return _with(current, answer, ids, findings)


def _with(
    current: Grouping, answer: PlacementAnswer, ids: dict[str, str], findings: list[Finding]
) -> Grouping:
    """Return a grouping with an answer's placements, without invented templates and domains."""
    members = {domain.name: list(domain.template_ids) for domain in current.domains}
    about = {domain.name: domain.description for domain in current.domains}
    for domain in answer.new_domains:
        members.setdefault(slug(domain.name), [])
        about.setdefault(slug(domain.name), domain.description)
    for placement in answer.placements:
        if placement.id in ids and slug(placement.domain) in members:
            members[slug(placement.domain)].append(ids[placement.id])
    old = {domain.name for domain in current.domains}
    kept = [name for name in members if members[name] or name in old]
    placed = sum(len(members[name]) for name in members)
    detail = f"{placed - sum(len(d.template_ids) for d in current.domains)} new template(s) placed"
    recorded = (*current.findings, *findings, Finding("placement", None, True, detail))
    domains = tuple(Domain(name, about[name], tuple(members[name])) for name in kept)
    return replace(current, domains=domains, findings=recorded)
