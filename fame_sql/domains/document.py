"""A partition as a file that people edit, what changed in it, and its certificate as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from fame_sql.console import printable
from fame_sql.domains.certification.certificate import Certificate
from fame_sql.domains.grouping import Domain, Partition, TemplateSummary
from fame_sql.errors import InputError

_HEAD = """\
# Failure domains. Move templates between domains, rename or describe domains, add or delete them.
# A template is known by its id; the text after it is there to be read. What is left out goes to
# the nearest domain. Then: fame domains certify FILE
"""
_PLACE = "'fame domains edit --out FILE' writes one"


@dataclass(frozen=True)
class Change:
    """One difference between two partitions.

    Parameters
    ----------
    what : str
        ``"moved"``, ``"new domain"``, ``"no longer a domain"`` or ``"described anew"``.
    template_id : str or None
        The template that moved.
    before, after : str or None
        Domains, or descriptions.
    """

    what: str
    template_id: str | None
    before: str | None
    after: str | None


def to_yaml(partition: Partition, templates: Sequence[TemplateSummary]) -> str:
    """Return a partition as YAML that a person can edit."""
    texts = {t.template_id: f"({t.status}) {printable(t.template)}" for t in templates}
    content = {
        domain.name: {
            "description": domain.description,
            "templates": {i: texts.get(i, "") for i in domain.template_ids},
        }
        for domain in partition.domains
    }
    written = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return f"{_HEAD}{written}"


def from_yaml(text: str) -> Partition:
    """Read a partition that a person edited; the certification judges it afterwards.

    Templates may stand as a mapping of id to text, or as a list of ids.

    Raises
    ------
    InputError
        If it is no YAML of that form.
    """
    try:
        # The base loader makes text of every scalar: an id such as 1e10 stays what it is.
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise InputError(f"the file is no YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict) or not content:
        raise InputError(f"the file holds no domains by name; {_PLACE}")
    return Partition(tuple(_domain(name, facts) for name, facts in content.items()), "human")


def _domain(name: object, facts: Any) -> Domain:
    members = facts.get("templates") if isinstance(facts, dict) else None
    if not isinstance(members, dict | list | str) or not isinstance(name, str):
        raise InputError(f"domain {str(name)[:60]!r} has no templates; {_PLACE}")
    if isinstance(members, str) and members.strip():
        raise InputError(f"domain {name[:60]!r}: templates is no list of ids; {_PLACE}")
    return Domain(name, str(facts.get("description", "")), tuple(str(i) for i in members))


def changes(before: Partition, after: Partition) -> list[Change]:
    """Return what differs between two partitions, domains first."""
    old = {domain.name: domain.description for domain in before.domains}
    new = {domain.name: domain.description for domain in after.domains}
    found = [Change("new domain", None, None, name) for name in new if name not in old]
    found += [Change("no longer a domain", None, name, None) for name in old if name not in new]
    found += [
        Change("described anew", None, old[name], new[name])
        for name in new
        if name in old and new[name] != old[name]
    ]
    homes = [{i: d.name for d in p.domains for i in d.template_ids} for p in (before, after)]
    for template_id in sorted(homes[0].keys() | homes[1].keys()):
        was, now = homes[0].get(template_id), homes[1].get(template_id)
        if was != now:
            found.append(Change("moved", template_id, was, now))
    return found


def page(certificate: Certificate, templates: Sequence[TemplateSummary], source: str) -> str:
    """Return a certificate as a page in Markdown."""
    texts = {t.template_id: t for t in templates}
    verdict = "Certified" if certificate.certified else "NOT certified"
    lines = [
        "# Failure domains",
        "",
        f"{verdict}: {len(certificate.domains)} domains, {len(templates)} templates, "
        f"proposed by {source}.",
        "",
    ]
    for domain in certificate.domains:
        lines += [f"## {domain.name} ({domain.kind})", "", _plain(domain.description), ""]
        lines += ["| template | status | lines | text |", "|---|---|---|---|"]
        for template_id in domain.template_ids:
            if t := texts.get(template_id):
                lines.append(f"| {template_id} | {t.status} | {t.lines} | {_plain(t.template)} |")
        lines.append("")
    lines += [
        "## Decisions",
        "",
        "| rule | domain | held | found | done |",
        "|---|---|---|---|---|",
    ]
    for f in certificate.findings:
        held = "yes" if f.passed else "no"
        lines.append(
            f"| {f.rule} | {f.domain or ''} | {held} | {_plain(f.detail)} | "
            f"{_plain(f.action or '')} |"
        )
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Return log text that Markdown shows as it stands: no links, no HTML, one cell."""
    line = " ".join(printable(text).split())
    for mark in "\\`*_[]()#!|":
        line = line.replace(mark, f"\\{mark}")
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
