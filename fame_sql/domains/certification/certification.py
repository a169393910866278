"""Certification: turn any proposed grouping into a usable one, with reasons.

The proposal is not trusted, since it may come from a language model that read hostile logs. Which
templates exist and what kind a domain is are taken from the warehouse alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fame_sql.domains.certification import label_counts, membership
from fame_sql.domains.certification.certificate import (
    Certificate,
    CertificationRules,
    CertifiedDomain,
)
from fame_sql.domains.certification.draft import Draft, excerpt
from fame_sql.domains.grouping import Grouping, TemplateSummary, slug
from fame_sql.errors import InputError, MissingStageError


def certify(
    grouping: Grouping,
    templates: Sequence[TemplateSummary],
    rules: CertificationRules | None = None,
) -> Certificate:
    """Check a grouping against the templates and their labels, and repair it by rule.

    The steps are, in this order: templates that do not exist are left out; templates that are
    named twice are kept where they are named first; empty domains are dropped; names become
    unique slugs; domains beyond the limit are merged; templates that were left out go to the
    nearest domain; mixed domains with too few labels of a class are split or merged. The same
    input gives the same certificate, whatever the order of the templates. Certifying a certified
    grouping again does not change it.

    Parameters
    ----------
    grouping : Grouping
        Any proposal.
    templates : sequence of TemplateSummary
        Every template of the warehouse, at least one.
    rules : CertificationRules, optional
        The limits; the defaults if None.

    Returns
    -------
    Certificate
        Covers every template exactly once.

    Raises
    ------
    InputError
        If two templates have the same identity.
    MissingStageError
        If there are no templates.
    """
    _check(templates)
    ordered = sorted(templates, key=lambda template: template.template_id)
    draft = Draft(ordered, rules or CertificationRules())
    membership.add_proposed(draft, grouping.domains)
    membership.drop_empty(draft)
    membership.limit(draft)
    membership.place_missing(draft)
    label_counts.ensure_labels(draft)
    _record_kinds(draft)
    _record_size(draft)
    domains = _domains(draft)
    return Certificate(domains, tuple(draft.findings), _is_valid(draft, domains))


def _check(templates: Sequence[TemplateSummary]) -> None:
    if not templates:
        raise MissingStageError("no templates to certify a grouping of", "fame mine")
    (template_id, count), *_ = Counter(t.template_id for t in templates).most_common(1)
    if count > 1:
        raise InputError(
            f"template {excerpt(template_id)!r} is given {count} times; give each template once"
        )


def _record_kinds(draft: Draft) -> None:
    consequence = {
        "normal": "without any anomalous label",
        "anomalous": "routing alone decides",
        "mixed": "an expert decides",
    }
    for group in draft.groups:
        normal, anomalous = draft.labels(group.rows)
        kind = draft.kind(group.rows)
        detail = f"{normal} normal and {anomalous} anomalous label(s): {kind}, {consequence[kind]}"
        draft.record_pass("kind", detail, group.name)


def _record_size(draft: Draft) -> None:
    largest = max(draft.groups, key=lambda group: len(group.rows))
    share, most = len(largest.rows) / len(draft.templates), draft.rules.max_share
    detail = f"the largest domain holds {share:.0%} of the templates; up to {most:.0%} is balanced"
    if share <= most:
        draft.record_pass("size", detail, largest.name)
    else:
        draft.record_failure("size", largest.name, detail, None)


def _domains(draft: Draft) -> tuple[CertifiedDomain, ...]:
    return tuple(
        CertifiedDomain(
            group.name,
            group.description,
            draft.kind(group.rows),
            tuple(draft.templates[row].template_id for row in sorted(group.rows)),
        )
        for group in draft.groups
    )


def _is_valid(draft: Draft, domains: Sequence[CertifiedDomain]) -> bool:
    """Return whether every mandatory rule is satisfied, without relying on the repairs."""
    named = sorted(template_id for domain in domains for template_id in domain.template_ids)
    names = [domain.name for domain in domains]
    return (
        named == [template.template_id for template in draft.templates]
        and all(domain.template_ids for domain in domains)
        and 1 <= len(domains) <= draft.rules.max_domains
        and len(set(names)) == len(names)
        and all(name and name == slug(name) for name in names)
        and not any(draft.lacks_labels(group.rows) for group in draft.groups)
    )
