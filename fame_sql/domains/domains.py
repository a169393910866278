"""The domains stage: group the templates, certify the grouping and store it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.domains.certification.certificate import (
    Certificate,
    CertificationRules,
    CertifiedDomain,
    Finding,
)
from fame_sql.domains.certification.certification import certify
from fame_sql.domains.certification.inspection import inspect
from fame_sql.domains.certification.trust import inspect_labels, used_prompts
from fame_sql.domains.grouping import Domain, Grouper, Grouping, TemplateSummary
from fame_sql.domains.proposals.offline import group_offline
from fame_sql.domains.proposals.space import encoder_vectors
from fame_sql.errors import MissingStageError
from fame_sql.warehouse.warehouse import Warehouse

_PARTS = 4
"""Reading, grouping, certifying and storing: how long each takes, nobody knows before."""

Placer = Callable[[Grouping, Sequence[TemplateSummary]], Grouping]
"""Adds new templates to an existing grouping."""


@dataclass(frozen=True)
class StoredGrouping:
    """The current grouping, as it is stored.

    Parameters
    ----------
    certificate : Certificate
        The domains and the findings of the certification.
    source : str
        Who proposed the grouping.
    """

    certificate: Certificate
    source: str


def keep_grouping(current: Grouping, new: Sequence[TemplateSummary]) -> Grouping:
    """Return the grouping unchanged; the certification adds new templates by text."""
    return current


def group_templates(
    warehouse: Warehouse,
    grouper: Grouper = group_offline,
    rules: CertificationRules | None = None,
    progress: Progress | None = None,
) -> StoredGrouping:
    """Group the warehouse's templates into failure domains, certify and store the result.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with templates and labels.
    grouper : callable
        Proposes the grouping; by default the offline one, without a language model.
    rules : CertificationRules, optional
        The limits; the defaults if None.
    progress : Progress, optional
        Receives the progress by its parts: reading, grouping, certifying, storing.

    Raises
    ------
    MissingStageError
        If there are no templates or no labels.
    """
    with (progress or SilentProgress()).step("grouping templates", _PARTS) as step:
        summaries = _summaries_to_group(warehouse)
        step.advance()
        proposal = grouper(summaries)
        step.advance()
        certificate = _certify(warehouse, proposal, summaries, rules)
        step.advance()
        return _store(warehouse, certificate, proposal.source)


def place_new_templates(warehouse: Warehouse, placer: Placer = keep_grouping) -> StoredGrouping:
    """Keep the current grouping, and assign a domain to the templates that have none.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with a grouping, and perhaps with templates mined after it.
    placer : callable
        Adds templates to a grouping. Templates that it leaves out go to the nearest domain by
        text.

    Raises
    ------
    MissingStageError
        If there is no grouping or no label.
    """
    summaries = _summaries_to_group(warehouse)
    current = read_grouping(warehouse)
    placed = {i for domain in current.domains for i in domain.template_ids}
    new = [summary for summary in summaries if summary.template_id not in placed]
    proposal = placer(current, new)
    return _store(warehouse, _certify(warehouse, proposal, summaries), proposal.source)


def certify_grouping(warehouse: Warehouse, grouping: Grouping) -> StoredGrouping:
    """Certify a grouping, for example one that a person edited, and store it as the current one.

    Raises
    ------
    MissingStageError
        If there are no templates or no labels.
    """
    certificate = _certify(warehouse, grouping, _summaries_to_group(warehouse))
    return _store(warehouse, certificate, grouping.source)


def read_grouping(warehouse: Warehouse) -> Grouping:
    """Return the current grouping.

    Raises
    ------
    MissingStageError
        If there is none.
    """
    rows = warehouse.rows(sql.load("domains/grouping"))
    if not rows:
        raise MissingStageError("no failure domains", "fame domains")
    domains = [Domain(name, about, tuple(ids)) for name, about, _, ids in rows]
    return Grouping(tuple(domains), source=rows[0][2])


def read_certificate(warehouse: Warehouse) -> Certificate:
    """Return the certificate of the current grouping.

    Raises
    ------
    MissingStageError
        If there is none.
    """
    grouping = read_grouping(warehouse)
    kinds = dict(warehouse.rows("SELECT domain, kind FROM fame.domains"))
    domains = [
        CertifiedDomain(d.name, d.description, kinds[d.name], d.template_ids)
        for d in grouping.domains
    ]
    findings = warehouse.records(
        "SELECT rule, domain, passed, detail, action FROM fame.certificates ORDER BY ordinal"
    )
    certified = bool(warehouse.value("SELECT bool_and(certified) FROM fame.domains"))
    return Certificate(tuple(domains), tuple(Finding(**f) for f in findings), certified)


def _summaries_to_group(warehouse: Warehouse) -> list[TemplateSummary]:
    summaries = read_summaries(warehouse)
    if not summaries:
        raise MissingStageError("no templates", "fame mine")
    if not warehouse.value("SELECT count(*) FROM fame.labels"):
        raise MissingStageError("no labels", "fame label")
    return summaries


def _certify(
    warehouse: Warehouse,
    proposal: Grouping,
    summaries: Sequence[TemplateSummary],
    rules: CertificationRules | None = None,
) -> Certificate:
    certificate = certify(proposal, summaries, rules)
    inspected = inspect(certificate, summaries, encoder_vectors(warehouse, summaries))
    doubts = inspect_labels(warehouse)
    prompts = used_prompts(warehouse, by_model=proposal.source == "llm")
    findings = (*proposal.findings, *certificate.findings, *inspected, *prompts, *doubts)
    certified = certificate.certified and not doubts
    return replace(certificate, findings=findings, certified=certified)


def read_summaries(warehouse: Warehouse) -> list[TemplateSummary]:
    """Return the facts about each template that a grouper uses, ordered by template id."""
    rows = warehouse.records(sql.load("domains/template_summaries"))
    return [TemplateSummary(**{**row, "examples": tuple(row["examples"] or ())}) for row in rows]


def _store(warehouse: Warehouse, certificate: Certificate, source: str) -> StoredGrouping:
    members = [
        {"domain": domain.name, "template_id": template_id}
        for domain in certificate.domains
        for template_id in domain.template_ids
    ]
    findings = [
        {"ordinal": number, **asdict(finding)}
        for number, finding in enumerate(certificate.findings, 1)
    ]
    with warehouse.transaction():
        _replace(warehouse, "domains", _domain_rows(certificate, source))
        _replace(warehouse, "domain_templates", members)
        _replace(warehouse, "certificates", findings)
    return StoredGrouping(certificate, source)


def _domain_rows(certificate: Certificate, source: str) -> list[dict[str, object]]:
    return [
        {
            "domain": domain.name,
            "ordinal": number,
            "description": domain.description,
            "kind": domain.kind,
            "source": source,
            "certified": certificate.certified,
        }
        for number, domain in enumerate(certificate.domains)
    ]


def _replace(warehouse: Warehouse, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Replace the rows of a table."""
    warehouse.connection.execute(f"DELETE FROM fame.{table}")
    if rows:
        statement = f"INSERT INTO fame.{table} BY NAME SELECT * FROM incoming_rows"
        warehouse.with_table("incoming_rows", pa.Table.from_pylist(list(rows)), statement)
