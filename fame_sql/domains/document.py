"""A grouping as a YAML file for people to edit, its changes, and its certificate as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from fame_sql.console import printable
from fame_sql.domains.certification.certificate import Certificate, CertifiedDomain
from fame_sql.domains.grouping import Domain, Grouping, TemplateSummary
from fame_sql.errors import InputError

_HEAD = """\
# Failure domains. Move templates between domains, rename or describe domains, add or delete them.
# Only a template's id counts; the text after it is for the reader. Templates that are left out go
# to the nearest domain. Then run: fame domains certify FILE
"""
_DEEPEST = 20
_HINT = "'fame domains edit --out FILE' writes a valid file"


class _PlainLoader(yaml.BaseLoader):  # type: ignore[misc]
    """Reads every scalar as text, so that an id such as 1e10 does not change.

    Nothing in a grouping refers to something else in it. A few lines of references to references
    would stand for more text than any memory holds.
    """

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Read one node, and refuse references and what is nested deeper than any grouping."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.YAMLError(f"line {mark.line + 1} refers to another place with '*'")
        if self._depth == _DEEPEST:
            raise yaml.YAMLError(f"it is nested more than {_DEEPEST} levels deep")
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


@dataclass(frozen=True)
class Change:
    """One difference between two groupings.

    Parameters
    ----------
    what : str
        ``"moved"``, ``"new domain"``, ``"removed domain"`` or ``"new description"``.
    template_id : str or None
        The template that moved.
    before, after : str or None
        Domains, or descriptions.
    """

    what: str
    template_id: str | None
    before: str | None
    after: str | None


def to_yaml(grouping: Grouping, templates: Sequence[TemplateSummary]) -> str:
    """Return a grouping as YAML that a person can edit."""
    texts = {t.template_id: f"({t.status}) {printable(t.template)}" for t in templates}
    content = {
        domain.name: {
            "description": domain.description,
            "templates": {i: texts.get(i, "") for i in domain.template_ids},
        }
        for domain in grouping.domains
    }
    written = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return f"{_HEAD}{written}"


def from_yaml(text: str) -> Grouping:
    """Read a grouping that a person edited; it is certified afterwards.

    The templates of a domain are either a mapping of id to text or a list of ids.

    Raises
    ------
    InputError
        If the text is not YAML of that form.
    """
    try:
        content = yaml.load(text, Loader=_PlainLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"the file is not valid YAML ({reason}); {_HINT}") from None
    if not isinstance(content, dict) or not content:
        raise InputError(f"the file is not a mapping of domain names to domains; {_HINT}")
    return Grouping(tuple(_domain(name, facts) for name, facts in content.items()), "human")


def _domain(name: object, facts: Any) -> Domain:
    members = facts.get("templates") if isinstance(facts, dict) else None
    if not isinstance(members, dict | list | str) or not isinstance(name, str):
        raise InputError(f"domain {str(name)[:60]!r} has no templates; {_HINT}")
    if isinstance(members, str) and members.strip():
        raise InputError(f"domain {name[:60]!r}: 'templates' must be a list of ids; {_HINT}")
    description = facts.get("description", "")
    if not all(isinstance(text, str) for text in (description, *members)):
        raise InputError(f"domain {name[:60]!r}: its description and ids must be texts; {_HINT}")
    return Domain(name, description, tuple(members))


def changes(before: Grouping, after: Grouping) -> list[Change]:
    """Return the differences between two groupings, domains first."""
    old = {domain.name: domain.description for domain in before.domains}
    new = {domain.name: domain.description for domain in after.domains}
    found = [Change("new domain", None, None, name) for name in new if name not in old]
    found += [Change("removed domain", None, name, None) for name in old if name not in new]
    found += [
        Change("new description", None, old[name], new[name])
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
    """Return a certificate as a Markdown page."""
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
        lines += _domain_section(domain, texts)
    lines += _decisions(certificate)
    return "\n".join(lines) + "\n"


def _domain_section(domain: CertifiedDomain, texts: Mapping[str, TemplateSummary]) -> list[str]:
    lines = [f"## {domain.name} ({domain.kind})", "", _plain(domain.description), ""]
    lines += ["| template | status | lines | text |", "|---|---|---|---|"]
    for template_id in domain.template_ids:
        if t := texts.get(template_id):
            lines.append(f"| {template_id} | {t.status} | {t.lines} | {_plain(t.template)} |")
    return [*lines, ""]


def _decisions(certificate: Certificate) -> list[str]:
    lines = [
        "## Decisions",
        "",
        "| rule | domain | passed | finding | action |",
        "|---|---|---|---|---|",
    ]
    for f in certificate.findings:
        passed = "yes" if f.passed else "no"
        lines.append(
            f"| {f.rule} | {f.domain or ''} | {passed} | {_plain(f.detail)} | "
            f"{_plain(f.action or '')} |"
        )
    return lines


def _plain(text: str) -> str:
    """Escape log text so that Markdown shows it literally, in one cell."""
    line = " ".join(printable(text).split())
    for mark in "\\`*_[]()#!|":
        line = line.replace(mark, f"\\{mark}")
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
