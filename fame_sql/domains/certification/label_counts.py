"""Certification of labels: every domain that needs an expert has enough labels to train it."""

from __future__ import annotations

from fame_sql.domains.certification.draft import Draft, Group, Neighbourhood
from fame_sql.domains.grouping import slug, unused_slug


def ensure_labels(draft: Draft) -> None:
    """Ensure that each mixed domain has enough labels of both classes for an expert.

    If a mixed domain has too few, its anomalous-only templates are split off first, provided
    that a normal-only domain remains: templates with only anomalous labels need no expert (the
    asymmetric confidence principle of FAME, arXiv 2605.22779). Otherwise the domain is merged
    with its nearest neighbour, until it has enough labels or one domain is left. This terminates
    because each split removes a mixed domain and each merge removes a domain.
    """
    least = draft.rules.min_labels_per_class
    if _first_lacking_labels(draft) is None:
        draft.record_pass("labels", f"every mixed domain has {least} or more labels of each class")
    while (group := _first_lacking_labels(draft)) is not None:
        if _split(draft, group):
            continue
        if len(draft.groups) == 1:
            action = "fell back to one domain; label more lines and group the templates again"
            draft.record_failure("labels", group.name, _shortage(draft, group), action)
            return
        _merge(draft, group)


def _first_lacking_labels(draft: Draft) -> Group | None:
    return next((group for group in draft.groups if draft.lacks_labels(group.rows)), None)


def _split(draft: Draft, group: Group) -> bool:
    """Split off the anomalous-only templates, if what remains is normal-only."""
    pure = [row for row in group.rows if draft.kind([row]) == "anomalous"]
    rest = [row for row in group.rows if draft.kind([row]) != "anomalous"]
    if not pure or draft.kind(rest) != "normal":
        return False
    target = _target_for_anomalous(draft, group, pure)
    if target is None:
        return False
    action = (
        f"{len(pure)} anomalous-only template(s) moved to '{target.name}', which routing alone "
        "decides; the remaining ones are normal-only, so neither domain needs an expert"
    )
    draft.record_failure("labels", group.name, _shortage(draft, group), action)
    group.rows = rest
    target.rows += pure
    return True


def _target_for_anomalous(draft: Draft, group: Group, pure: list[int]) -> Group | None:
    """Return a domain for anomalous-only templates: a new one, or the nearest at the limit."""
    if len(draft.groups) < draft.rules.max_domains:
        wanted = slug(f"{group.name[:30]}-anomalies")
        name = unused_slug(wanted, (other.name for other in draft.groups))
        description = f"The templates of {group.name} whose labels are all anomalous."
        draft.groups.append(Group(name, description, []))
        return draft.groups[-1]
    anomalous = [other for other in draft.groups if draft.kind(other.rows) == "anomalous"]
    return Neighbourhood(draft, anomalous).nearest(pure)[0] if anomalous else None


def _merge(draft: Draft, group: Group) -> None:
    """Merge a domain with its nearest neighbour; the larger one keeps its name."""
    others = [other for other in draft.groups if other is not group]
    target, reason = Neighbourhood(draft, others).nearest(group.rows)
    name = group.name
    if len(group.rows) > len(target.rows):
        (target.name, target.description), absorbed = (name, group.description), target.name
        action = f"absorbed '{absorbed}', {reason}"
    else:
        action = f"merged into '{target.name}', {reason}"
    draft.record_failure("labels", name, _shortage(draft, group), action)
    target.rows += group.rows
    draft.groups = others


def _shortage(draft: Draft, group: Group) -> str:
    normal, anomalous = draft.labels(group.rows)
    least = draft.rules.min_labels_per_class
    return (
        f"a mixed domain with {normal} normal and {anomalous} anomalous label(s), where an "
        f"expert needs {least} of each"
    )
