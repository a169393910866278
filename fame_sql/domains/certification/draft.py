"""A proposal under repair: its groups of templates, and the findings so far."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fame_sql.domains.certification.certificate import CertificationRules, Finding
from fame_sql.domains.grouping import TemplateSummary
from fame_sql.domains.proposals.text import TextSpace
from fame_sql.verdict.label_words import Kind

_SHOWN_IDS = 5
_JOINS: dict[Kind, tuple[Kind, ...]] = {
    # Best first: a purely anomalous domain is left pure as long as there is another way.
    "anomalous": ("anomalous", "mixed", "normal"),
    "mixed": ("mixed", "normal", "anomalous"),
    "normal": ("normal", "mixed", "anomalous"),
}


@dataclass(eq=False)
class Group:
    """A domain under repair; its templates are row numbers of the draft."""

    name: str
    description: str
    rows: list[int]


@dataclass
class Draft:
    """What the certification works on.

    Parameters
    ----------
    templates : sequence of TemplateSummary
        Every template, at least one, sorted by identity.
    rules : CertificationRules
        The bounds.
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
        """The templates as vectors, made when they are first needed."""
        return TextSpace.of(self.templates)

    def labels(self, rows: Iterable[int]) -> tuple[int, int]:
        """Return the normal and the anomalous labels of templates."""
        members = [self.templates[row] for row in rows]
        return sum(t.normal_labels for t in members), sum(t.anomalous_labels for t in members)

    def kind(self, rows: Iterable[int]) -> Kind:
        """Return the kind of a domain of these templates, from their labels alone."""
        normal, anomalous = self.labels(rows)
        if not anomalous:
            return "normal"
        return "mixed" if normal else "anomalous"

    def is_starved(self, rows: Iterable[int]) -> bool:
        """Return whether the labels are of both classes, but too few of one."""
        normal, anomalous = self.labels(rows)
        return 0 < min(normal, anomalous) < self.rules.min_labels_per_class

    def hold(self, rule: str, detail: str, domain: str | None = None) -> None:
        """Note that a rule held."""
        self.findings.append(Finding(rule, domain, True, detail))

    def mend(self, rule: str, domain: str | None, detail: str, action: str | None) -> None:
        """Note that a rule was broken, and what was done about it."""
        self.findings.append(Finding(rule, domain, False, detail, action))


class Neighbourhood:
    """The groups that another one could join, by kind and text."""

    def __init__(self, draft: Draft, groups: Sequence[Group]) -> None:
        self._draft = draft
        self._groups: dict[Kind, list[Group]] = {kind: [] for kind in _JOINS}
        for group in groups:
            self._groups[draft.kind(group.rows)].append(group)
        self._centroids = {
            kind: draft.space.centroids([group.rows for group in found])
            for kind, found in self._groups.items()
            if found
        }

    def nearest(self, rows: Sequence[int]) -> tuple[Group, str]:
        """Return the group that templates should join, and the words that say why.

        Of the groups of the kind that suits theirs best, the one with the largest TF-IDF
        cosine; the first of equals.
        """
        kind = next(k for k in _JOINS[self._draft.kind(rows)] if self._groups[k])
        cosines = self._draft.space.centroids([rows])[0] @ self._centroids[kind].T
        best = int(cosines.round(9).argmax())
        group = self._groups[kind][best]
        reason = f"the nearest {kind} domain by text (TF-IDF cosine {cosines[best]:.2f})"
        return group, reason


def shown(text: str, characters: int = 60) -> str:
    """Return foreign text as one printable line of at most so many characters."""
    line = " ".join(text[: 4 * characters].split())
    # Stricter than a terminal needs: lone surrogates cannot be stored either.
    safe = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return "".join(safe)[:characters].strip()


def listed(template_ids: Collection[str]) -> str:
    """Return how many templates there are, and the first few."""
    first = ", ".join(shown(template_id) for template_id in list(template_ids)[:_SHOWN_IDS])
    more = f" and {len(template_ids) - _SHOWN_IDS} more" if len(template_ids) > _SHOWN_IDS else ""
    return f"{len(template_ids)} template(s) ({first}{more})"
