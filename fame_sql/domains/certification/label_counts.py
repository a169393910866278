"""Certification of labels: every domain that needs an expert can train one."""

from __future__ import annotations

from fame_sql.domains.certification.draft import Draft, Group, Neighbourhood
from fame_sql.domains.grouping import slug, unused_slug


def settle_labels(draft: Draft) -> None:
    """See that each mixed domain has labels enough of both classes for an expert.

    A starved one is first relieved of its anomalous-only templates, if that leaves it
    normal-only: evidence that is only anomalous needs no expert (the asymmetric confidence
    principle of FAME, arXiv 2605.22779). Else it is merged with its neighbour, until there are
    labels enough or one domain is left. Every split leaves one mixed domain less and every
    merge one domain less, so this ends.
    """
    least = draft.rules.min_labels_per_class
    if _starved(draft) is None:
        draft.hold("labels", f"every mixed domain has {least} or more labels of each class")
    while (group := _starved(draft)) is not None:
        if _split(draft, group):
            continue
        if len(draft.groups) == 1:
            action = "fell back to one domain; label more lines and partition again"
            draft.mend("labels", group.name, _shortage(draft, group), action)
            return
        _merge(draft, group)


def _starved(draft: Draft) -> Group | None:
    return next((group for group in draft.groups if draft.is_starved(group.rows)), None)


def _split(draft: Draft, group: Group) -> bool:
    """Split the anomalous-only templates out, if what remains is normal-only."""
    pure = [row for row in group.rows if draft.kind([row]) == "anomalous"]
    rest = [row for row in group.rows if draft.kind([row]) != "anomalous"]
    if not pure or draft.kind(rest) != "normal":
        return False
    target = _home(draft, group, pure)
    if target is None:
        return False
    action = (
        f"{len(pure)} anomalous-only template(s) moved to '{target.name}', decided by routing "
        "alone; what is left is normal-only, so neither needs an expert"
    )
    draft.mend("labels", group.name, _shortage(draft, group), action)
    group.rows = rest
    target.rows += pure
    return True


def _home(draft: Draft, group: Group, pure: list[int]) -> Group | None:
    """Return where anomalous-only templates go: a new domain, or if full, one like it."""
    if len(draft.groups) < draft.rules.max_domains:
        wanted = slug(f"{group.name[:30]}-anomalies")
        name = unused_slug(wanted, (other.name for other in draft.groups))
        description = f"The templates of {group.name} whose labels are all anomalous."
        draft.groups.append(Group(name, description, []))
        return draft.groups[-1]
    anomalous = [other for other in draft.groups if draft.kind(other.rows) == "anomalous"]
    return Neighbourhood(draft, anomalous).nearest(pure)[0] if anomalous else None


def _merge(draft: Draft, group: Group) -> None:
    """Merge a starved domain with its neighbour; the larger one's name stays."""
    others = [other for other in draft.groups if other is not group]
    target, reason = Neighbourhood(draft, others).nearest(group.rows)
    name = group.name
    if len(group.rows) > len(target.rows):
        (target.name, target.description), absorbed = (name, group.description), target.name
        action = f"took in '{absorbed}', {reason}"
    else:
        action = f"merged into '{target.name}', {reason}"
    draft.mend("labels", name, _shortage(draft, group), action)
    target.rows += group.rows
    draft.groups = others


def _shortage(draft: Draft, group: Group) -> str:
    normal, anomalous = draft.labels(group.rows)
    least = draft.rules.min_labels_per_class
    return (
        f"a mixed domain with {normal} normal and {anomalous} anomalous label(s), where an "
        f"expert needs {least} of each"
    )
