"""Certification of membership: every template is in one domain, and no unknown one in any."""

from __future__ import annotations

from collections.abc import Sequence

from fame_sql.domains.certification.certificate import CertificationRules
from fame_sql.domains.certification.draft import Draft, Group, Neighbourhood, describe_ids, excerpt
from fame_sql.domains.grouping import Domain, TemplateSummary, unique_slugs


def add_proposed(draft: Draft, domains: Sequence[Domain]) -> None:
    """Add the proposed domains with the templates that exist, each where it is named first."""
    row_of = {t.template_id: row for row, t in enumerate(draft.templates)}
    unknown, repeated, owned = dict[str, None](), dict[str, None](), set[int]()
    for domain in domains:
        rows: list[int] = []
        for template_id in domain.template_ids:
            row = row_of.get(template_id)
            if row is None:
                unknown[template_id] = None
            elif row in owned:
                repeated[template_id] = None
            else:
                owned.add(row)
                rows.append(row)
        draft.groups.append(Group(domain.name, domain.description, rows))
    _record_unknown(draft, unknown)
    _record_repeated(draft, repeated)


def _record_unknown(draft: Draft, unknown: dict[str, None]) -> None:
    rule = "known templates"
    if unknown:
        draft.record_failure(rule, None, f"{describe_ids(unknown)} do not exist", "left out")
    else:
        draft.record_pass(rule, "every template that is named exists")


def _record_repeated(draft: Draft, repeated: dict[str, None]) -> None:
    rule = "one domain each"
    if repeated:
        action = "kept only where they are named first"
        draft.record_failure(
            rule, None, f"{describe_ids(repeated)} are named more than once", action
        )
    else:
        draft.record_pass(rule, "no template is named more than once")


def drop_empty(draft: Draft) -> None:
    """Drop domains without templates; if none is left, make one for every template."""
    total = len(draft.groups)
    draft.groups = [group for group in draft.groups if group.rows]
    if empty := total - len(draft.groups):
        draft.record_failure(
            "not empty", None, f"{empty} of {total} domains hold no template", "dropped"
        )
    elif total:
        draft.record_pass("not empty", "every domain holds a template")
    if not draft.groups:
        action = "all templates form one domain"
        draft.record_failure("number of domains", None, "the proposal has no domain", action)
        draft.groups = [Group("all-templates", "Every template, undivided.", [])]


def limit(draft: Draft) -> None:
    """Keep the largest domains, give them unique names, and merge the others into them."""
    kept = _largest(draft)
    ids = {id(group) for group in kept}
    others = [group for group in draft.groups if id(group) not in ids]
    draft.groups = kept
    _make_names_unique(draft)
    count = f"{len(kept) + len(others)} domain(s) proposed, at most {draft.rules.max_domains}"
    if not others:
        draft.record_pass("number of domains", f"{count} allowed")
        return
    neighbours = Neighbourhood(draft, kept)
    merges = [(group, *neighbours.nearest(group.rows)) for group in others]
    for group, target, reason in merges:
        action = f"'{excerpt(group.name)}' merged into '{target.name}', {reason}"
        draft.record_failure("number of domains", target.name, f"{count} allowed", action)
        target.rows += group.rows


def limited(
    domains: Sequence[Domain], templates: Sequence[TemplateSummary], rules: CertificationRules
) -> tuple[Domain, ...]:
    """Return domains, or the largest with the others merged into them where there are too many.

    Parameters
    ----------
    domains : sequence of Domain
        Domains of some of the templates.
    templates : sequence of TemplateSummary
        Every template.
    rules : CertificationRules
        The maximum number of domains.
    """
    if len(domains) <= rules.max_domains:
        return tuple(domains)
    named = {template_id for domain in domains for template_id in domain.template_ids}
    known = [t for t in templates if t.template_id in named]
    draft = Draft(sorted(known, key=lambda t: t.template_id), rules)
    add_proposed(draft, domains)
    limit(draft)
    return tuple(
        Domain(
            group.name,
            group.description,
            tuple(draft.templates[row].template_id for row in group.rows),
        )
        for group in draft.groups
    )


def _largest(draft: Draft) -> list[Group]:
    """Return the largest domains in their order, including a purely anomalous one."""
    ranked = sorted(draft.groups, key=lambda group: -len(group.rows))
    chosen = ranked[: draft.rules.max_domains]
    pure = [group for group in ranked if draft.kind(group.rows) == "anomalous"]
    if len(chosen) > 1 and pure and pure[0] not in chosen:
        chosen[-1] = pure[0]
    ids = {id(group) for group in chosen}
    return [group for group in draft.groups if id(group) in ids]


def _make_names_unique(draft: Draft) -> None:
    """Turn names into unique slugs and descriptions into one printable line."""
    names = unique_slugs(group.name for group in draft.groups)
    if all(name == group.name for name, group in zip(names, draft.groups, strict=True)):
        draft.record_pass("names", "every name is a unique slug")
    for name, group in zip(names, draft.groups, strict=True):
        if name != group.name:
            detail = f"'{excerpt(group.name)}' is not a unique name of a-z, 0-9 and '-'"
            draft.record_failure("names", name, detail, f"renamed to '{name}'")
        group.name = name
        group.description = excerpt(group.description, 300) or f"Templates of {name}."


def place_missing(draft: Draft) -> None:
    """Put each template that was left out into the nearest domain by text."""
    placed = {row for group in draft.groups for row in group.rows}
    missing = [row for row in range(len(draft.templates)) if row not in placed]
    if not missing:
        draft.record_pass("complete", "every template has a domain")
        return
    centroids = draft.space.centroids([group.rows for group in draft.groups])
    nearest = draft.space.similarities(missing, centroids).argmax(axis=1)
    for number, group in enumerate(draft.groups):
        rows = [row for row, near in zip(missing, nearest, strict=True) if near == number]
        if rows:
            names = describe_ids([draft.templates[row].template_id for row in rows])
            action = f"put into '{group.name}', the nearest by text (TF-IDF cosine)"
            draft.record_failure("complete", group.name, f"{names} were left out", action)
            group.rows += rows
