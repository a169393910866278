"""A grouping during its certification: the groups of templates and the findings so far."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fame_sql.domains.certification.certificate import CertificationRules, Finding
from fame_sql.domains.grouping import TemplateSummary
from fame_sql.domains.proposals.text import TextSpace
from fame_sql.verdict.label_words import DomainKind

_SHOWN_IDS = 5
_PREFERRED_KINDS: dict[DomainKind, tuple[DomainKind, ...]] = {
    # Best first: a purely anomalous domain stays pure as long as there is an alternative.
    "anomalous": ("anomalous", "mixed", "normal"),
    "mixed": ("mixed", "normal", "anomalous"),
    "normal": ("normal", "mixed", "anomalous"),
}


@dataclass(eq=False)
class Group:
    """A domain during certification; its templates are row numbers of the draft."""

    name: str
    description: str
    rows: list[int]


@dataclass
class Draft:
    """The state of a certification.

    Parameters
    ----------
    templates : sequence of TemplateSummary
        Every template, at least one, sorted by identity.
    rules : CertificationRules
        The limits.
    groups : list of Group
        The domains so far.
    findings : list of Finding
        The decisions so far.
    """

    templates: Sequence[TemplateSummary]
    rules: CertificationRules
    groups: list[Group] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @cached_property
    def space(self) -> TextSpace:
        """The templates as vectors, computed on first use."""
        return TextSpace.of(self.templates)

    def labels(self, rows: Iterable[int]) -> tuple[int, int]:
        """Return the numbers of normal and of anomalous labels of these templates."""
        members = [self.templates[row] for row in rows]
        return sum(t.normal_labels for t in members), sum(t.anomalous_labels for t in members)

    def kind(self, rows: Iterable[int]) -> DomainKind:
        """Return the kind of a domain of these templates, from their labels alone."""
        normal, anomalous = self.labels(rows)
        if not anomalous:
            return "normal"
        return "mixed" if normal else "anomalous"

    def lacks_labels(self, rows: Iterable[int]) -> bool:
        """Return whether there are labels of both classes, but too few of one."""
        normal, anomalous = self.labels(rows)
        return 0 < min(normal, anomalous) < self.rules.min_labels_per_class

    def record_pass(self, rule: str, detail: str, domain: str | None = None) -> None:
        """Record that a rule was satisfied."""
        self.findings.append(Finding(rule, domain, True, detail))

    def record_failure(
        self, rule: str, domain: str | None, detail: str, action: str | None
    ) -> None:
        """Record that a rule was violated, and the repair."""
        self.findings.append(Finding(rule, domain, False, detail, action))


class Neighbourhood:
    """Finds the group that other templates should join, by kind and text."""

    def __init__(self, draft: Draft, groups: Sequence[Group]) -> None:
        self._draft = draft
        self._groups: dict[DomainKind, list[Group]] = {kind: [] for kind in _PREFERRED_KINDS}
        for group in groups:
            self._groups[draft.kind(group.rows)].append(group)
        self._centroids = {
            kind: draft.space.centroids([group.rows for group in found])
            for kind, found in self._groups.items()
            if found
        }

    def nearest(self, rows: Sequence[int]) -> tuple[Group, str]:
        """Return the group that templates should join, and the reason in words.

        It is the group with the largest TF-IDF cosine among those of the preferred kind; the
        first one if several are equal.
        """
        kind = next(k for k in _PREFERRED_KINDS[self._draft.kind(rows)] if self._groups[k])
        cosines = self._draft.space.centroids([rows])[0] @ self._centroids[kind].T
        best = int(cosines.round(9).argmax())
        group = self._groups[kind][best]
        reason = f"the nearest {kind} domain by text (TF-IDF cosine {cosines[best]:.2f})"
        return group, reason


def excerpt(text: str, characters: int = 60) -> str:
    """Return untrusted text as one printable line of at most ``characters`` characters."""
    line = " ".join(text[: 4 * characters].split())
    # Stricter than a terminal needs, because lone surrogates cannot be stored either.
    safe = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return "".join(safe)[:characters].strip()


def describe_ids(template_ids: Collection[str]) -> str:
    """Return the number of templates and the first few ids."""
    first = ", ".join(excerpt(template_id) for template_id in list(template_ids)[:_SHOWN_IDS])
    more = f" and {len(template_ids) - _SHOWN_IDS} more" if len(template_ids) > _SHOWN_IDS else ""
    return f"{len(template_ids)} template(s) ({first}{more})"
