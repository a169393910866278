"""A grouping by a language model, which reads every template, in pieces if there are many."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from fame_sql.domains.certification.certificate import CertificationRules, Finding
from fame_sql.domains.certification.certification import certify
from fame_sql.domains.certification.inspection import stability
from fame_sql.domains.certification.membership import limited
from fame_sql.domains.grouping import Domain, Grouping, TemplateSummary
from fame_sql.domains.proposals.merges import TOKENS_A_DOMAIN, TOKENS_A_MEMBER, MergePlan
from fame_sql.llm.answers import GroupingAnswer
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.prompts import GROUP, MERGE, Row
from fame_sql.llm.request import Request
from fame_sql.llm.rows import covers, in_batches

SOURCE = "llm"
TEMPLATES_A_REQUEST = 400
_TOKENS_A_NAME = 12
_SHOWN_MEMBERS = 5
# The rules that a better answer could satisfy; wrong ids are checked separately.
_REPAIRABLE = ("not empty", "number of domains", "labels")


@dataclass
class LLMGrouper:
    """Asks a language model to group templates; its answer is not trusted.

    The templates are sorted before they are sent, so that the result does not depend on the
    order in which they are given.

    Parameters
    ----------
    model : LanguageModel
        The model to ask.
    rules : CertificationRules
        The limits that the prompt states.
    stability : bool
        Ask a second time in another order, and report how well the two answers agree.
    """

    model: LanguageModel
    rules: CertificationRules = field(default_factory=CertificationRules)
    stability: bool = True

    def __call__(self, templates: Sequence[TemplateSummary]) -> Grouping:
        """Propose a grouping.

        Raises
        ------
        LanguageModelError
            If the model cannot be reached, the budget is too small, or two answers in a row
            cannot be used.
        """
        if self.model.asks_ahead:
            self.model.prepare(self.preview(templates))
        findings: list[Finding] = []
        proposal = self._propose(_ordered(templates), templates, findings)
        if self.stability and len(templates) > 1:
            other = self._propose(_shuffled(templates), templates, [])
            findings.append(stability(proposal, other, templates))
        return Grouping(proposal.domains, SOURCE, tuple(findings))

    def preview(self, templates: Sequence[TemplateSummary]) -> list[Request]:
        """Return the requests that do not depend on an answer, without sending them."""
        orders = self._orders(templates)
        return [self._request(piece) for order in orders for piece in self._pieces(order)]

    def _orders(self, templates: Sequence[TemplateSummary]) -> list[list[TemplateSummary]]:
        """Return the orders in which the templates are asked about."""
        orders = [_ordered(templates)]
        if self.stability and len(templates) > 1:
            orders.append(_shuffled(templates))
        return orders

    def _propose(
        self,
        ordered: Sequence[TemplateSummary],
        templates: Sequence[TemplateSummary],
        findings: list[Finding],
    ) -> Grouping:
        pieces = self._pieces(ordered)
        if len(pieces) == 1:
            return self._group_at_once(pieces[0], templates, findings)
        parts = [
            domain
            for piece in pieces
            for domain in self._limited(self._group_piece(piece, findings), piece, findings)
        ]
        detail = f"{len(ordered)} templates read in {len(pieces)} pieces, {len(parts)} domains"
        findings.append(Finding("pieces", None, True, detail, "merged by further requests"))
        return self._merge(parts, templates, findings)

    def _pieces(self, ordered: Sequence[TemplateSummary]) -> list[list[TemplateSummary]]:
        rows = [template_row(f"t{number}", t) for number, t in enumerate(ordered, 1)]
        cut = in_batches(rows, self.model.window, TOKENS_A_MEMBER, TEMPLATES_A_REQUEST)
        pieces, start = [], 0
        for batch in cut:
            pieces.append(list(ordered[start : start + len(batch)]))
            start += len(batch)
        return pieces

    def _task(self, task: str, rows: int) -> str:
        most = min(self.rules.max_domains, rows)
        return task.format(fewest=min(2, most), most=most, labels=self.rules.min_labels_per_class)

    def _request(self, piece: Sequence[TemplateSummary]) -> Request:
        rows = [template_row(f"t{number}", t) for number, t in enumerate(piece, 1)]
        expected = TOKENS_A_MEMBER * len(rows) + 8 * TOKENS_A_DOMAIN
        task = self._task(GROUP, len(rows))
        return self.model.request("partition", task, rows, GroupingAnswer, expected)

    def _group_at_once(
        self,
        piece: Sequence[TemplateSummary],
        templates: Sequence[TemplateSummary],
        findings: list[Finding],
    ) -> Grouping:
        ids = {f"t{number}": t.template_id for number, t in enumerate(piece, 1)}

        def check(answer: GroupingAnswer) -> list[str]:
            return self._violations(_domains(answer, ids), templates, ids)

        answer = self.model.ask(
            self._request(piece), GroupingAnswer, check, on_repair=_recorder(findings)
        )
        return Grouping(_domains(answer, ids), SOURCE)

    def _group_piece(
        self, piece: Sequence[TemplateSummary], findings: list[Finding]
    ) -> tuple[Domain, ...]:
        ids = {f"t{number}": t.template_id for number, t in enumerate(piece, 1)}

        def check(answer: GroupingAnswer) -> list[str]:
            named = (i for domain in answer.domains for i in domain.members)
            return covers(named, list(ids), "template") + self._too_many(answer)

        answer = self.model.ask(
            self._request(piece), GroupingAnswer, check, on_repair=_recorder(findings)
        )
        return _domains(answer, ids)

    def _merge(
        self,
        parts: Sequence[Domain],
        templates: Sequence[TemplateSummary],
        findings: list[Finding],
    ) -> Grouping:
        """Merge the domains of all pieces, in a tree if they do not fit into one request."""
        texts = {t.template_id: t.template for t in templates}
        while len(groups := self._merge_groups(parts, texts)) > 1:
            merged = [
                domain
                for group in groups
                for domain in self._limited(
                    self._merge_at_once(group, texts, findings), templates, findings
                )
            ]
            if len(merged) >= len(parts):
                detail = f"{len(parts)} domains of the pieces do not fit into one request"
                findings.append(Finding("pieces", None, False, detail, "not merged any further"))
                return Grouping(tuple(merged), SOURCE)
            parts = merged
        return Grouping(tuple(self._merge_at_once(parts, texts, findings)), SOURCE)

    def _too_many(self, answer: GroupingAnswer) -> list[str]:
        count, most = len(answer.domains), self.rules.max_domains
        return [f"{count} domains, where at most {most} were asked for"] if count > most else []

    def _limited(
        self,
        domains: Sequence[Domain],
        templates: Sequence[TemplateSummary],
        findings: list[Finding],
    ) -> tuple[Domain, ...]:
        """Return at most as many domains as the rules allow, so that merges have an end."""
        kept = limited(domains, templates, self.rules)
        if len(kept) < len(domains):
            detail = f"{len(domains)} domains in one answer, at most {len(kept)} allowed"
            findings.append(
                Finding("pieces", None, False, detail, "the others merged into the nearest by text")
            )
        return kept

    def _merge_groups(
        self, parts: Sequence[Domain], texts: dict[str, str]
    ) -> list[Sequence[Domain]]:
        """Divide domains into requests that fit into the window."""
        rows = [_part_row(f"d{number}", part, texts) for number, part in enumerate(parts, 1)]
        cut = in_batches(
            rows, self.model.window, TOKENS_A_MEMBER + _TOKENS_A_NAME, TEMPLATES_A_REQUEST
        )
        ends = list(accumulate(len(batch) for batch in cut))
        return [parts[a:b] for a, b in zip([0, *ends], ends, strict=False)]

    def _merge_at_once(
        self, parts: Sequence[Domain], texts: dict[str, str], findings: list[Finding]
    ) -> list[Domain]:
        owners = {f"d{number}": part for number, part in enumerate(parts, 1)}
        rows = [_part_row(number, part, texts) for number, part in owners.items()]
        expected = TOKENS_A_MEMBER * len(rows) + 8 * TOKENS_A_DOMAIN
        task = self._task(MERGE, len(rows))
        request = self.model.request("merge", task, rows, GroupingAnswer, expected)

        def check(answer: GroupingAnswer) -> list[str]:
            named = (i for domain in answer.domains for i in domain.members)
            return covers(named, list(owners), "domain") + self._too_many(answer)

        answer = self.model.ask(request, GroupingAnswer, check, on_repair=_recorder(findings))
        return [
            Domain(
                domain.name,
                domain.description,
                tuple(i for m in domain.members if m in owners for i in owners[m].template_ids),
            )
            for domain in answer.domains
        ]

    def merges(self, templates: Sequence[TemplateSummary]) -> MergePlan:
        """Return the requests that merge the pieces of the templates, at most."""
        pieces = [len(self._pieces(order)) for order in self._orders(templates)]
        return MergePlan.of(self.model, pieces, self.rules.max_domains)

    def _violations(
        self,
        domains: tuple[Domain, ...],
        templates: Sequence[TemplateSummary],
        ids: dict[str, str],
    ) -> list[str]:
        """Return what the certification would have to repair, with the ids of the request."""
        certificate = certify(Grouping(domains, SOURCE), templates, self.rules)
        named = (i for d in domains for i in d.template_ids)
        local = {template_id: i for i, template_id in ids.items()}
        wrong = covers((local.get(i, i) for i in named), list(ids), "template")
        wrong += [
            # Part of a request's hash: it keeps its wording.
            f"{finding.domain or 'the partition'}: {finding.detail}"
            for finding in certificate.findings
            if not finding.passed and finding.rule in _REPAIRABLE
        ]
        return wrong


def template_row(number: str, template: TemplateSummary) -> Row:
    """Return the row that describes a template to a language model."""
    facts = {
        "service": template.service_name,
        "status": template.status,
        "lines": template.lines,
        "events": template.events,
        "normal_labels": template.normal_labels,
        "anomalous_labels": template.anomalous_labels,
        "template": template.template,
        "examples": list(template.examples[:3]),
    }
    return {"id": number, **{name: value for name, value in facts.items() if value}}


def _part_row(number: str, part: Domain, texts: dict[str, str]) -> Row:
    known = [texts[i] for i in part.template_ids if i in texts]
    return {
        "id": number,
        "name": part.name,
        "description": part.description,
        "templates": len(part.template_ids),
        "examples": known[:_SHOWN_MEMBERS],
    }


def _ordered(templates: Sequence[TemplateSummary]) -> list[TemplateSummary]:
    """Sort templates by content alone, so that similar ones are next to each other."""
    return sorted(templates, key=lambda t: (t.service_name or "", t.template, t.template_id))


def _shuffled(templates: Sequence[TemplateSummary]) -> list[TemplateSummary]:
    return sorted(templates, key=lambda t: hashlib.md5(t.template_id.encode()).hexdigest())


def _domains(answer: GroupingAnswer, ids: dict[str, str]) -> tuple[Domain, ...]:
    """Return an answer's domains by template; invented ids stay, so that they are reported."""
    return tuple(
        Domain(domain.name, domain.description, tuple(ids.get(i, i) for i in domain.members))
        for domain in answer.domains
    )


def _recorder(findings: list[Finding]) -> Callable[[list[str]], None]:
    """Return a function that records a repair request as a finding."""

    def record(wrong: list[str]) -> None:
        detail = "; ".join(wrong)[:300]
        findings.append(Finding("repair", None, False, detail, "sent back to the model once"))

    return record
