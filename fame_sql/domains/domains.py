"""The domains stage: templates are partitioned, the partition certified and stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from fame_sql import sql
from fame_sql.domains.certification.certificate import (
    Certificate,
    CertificationRules,
    CertifiedDomain,
    Finding,
)
from fame_sql.domains.certification.certification import certify
from fame_sql.domains.certification.inspection import inspect
from fame_sql.domains.grouping import Domain, Partition, Partitioner, TemplateSummary
from fame_sql.domains.proposals.offline import partition_offline
from fame_sql.domains.proposals.space import encoder_vectors
from fame_sql.errors import MissingStageError
from fame_sql.warehouse.warehouse import Warehouse

Placer = Callable[[Partition, Sequence[TemplateSummary]], Partition]
"""Adds templates to a partition that stands."""


@dataclass(frozen=True)
class StoredPartition:
    """The partition now in force.

    Parameters
    ----------
    certificate : Certificate
        The domains, and what the certification found and did.
    source : str
        What proposed the partition.
    """

    certificate: Certificate
    source: str


def keep_partition(current: Partition, new: Sequence[TemplateSummary]) -> Partition:
    """Leave new templates to the certification, which puts them into the nearest domain."""
    return current


def partition_templates(
    warehouse: Warehouse,
    partitioner: Partitioner = partition_offline,
    rules: CertificationRules | None = None,
) -> StoredPartition:
    """Partition the warehouse's templates into failure domains, certify and store the result.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates are mined and labelled.
    partitioner : callable
        Proposes the partition; without a language model, the offline one.
    rules : CertificationRules, optional
        The bounds; the defaults if None.

    Raises
    ------
    MissingStageError
        If there are no templates or no labels.
    """
    summaries = _summaries_to_partition(warehouse)
    return _certify_and_store(warehouse, partitioner(summaries), summaries, rules)


def place_new_templates(warehouse: Warehouse, placer: Placer = keep_partition) -> StoredPartition:
    """Keep the partition in force, and give the templates that have no domain one.

    Parameters
    ----------
    warehouse : Warehouse
        Where a partition is stored, and templates have been mined since.
    placer : callable
        Adds templates to a partition; those that it leaves out go to the nearest domain by
        text.

    Raises
    ------
    MissingStageError
        If there is no partition, or no label.
    """
    summaries = _summaries_to_partition(warehouse)
    current = read_partition(warehouse)
    placed = {i for domain in current.domains for i in domain.template_ids}
    new = [summary for summary in summaries if summary.template_id not in placed]
    return _certify_and_store(warehouse, placer(current, new), summaries, None)


def certify_partition(warehouse: Warehouse, partition: Partition) -> StoredPartition:
    """Certify a partition, for example one that a person edited, and put it in force.

    Raises
    ------
    MissingStageError
        If there are no templates or no labels.
    """
    return _certify_and_store(warehouse, partition, _summaries_to_partition(warehouse), None)


def read_partition(warehouse: Warehouse) -> Partition:
    """Return the partition in force.

    Raises
    ------
    MissingStageError
        If there is none.
    """
    rows = warehouse.rows(sql.load("domains/partition"))
    if not rows:
        raise MissingStageError("no failure domains", "fame domains")
    domains = [Domain(name, about, tuple(ids)) for name, about, _, ids in rows]
    return Partition(tuple(domains), source=rows[0][2])


def read_certificate(warehouse: Warehouse) -> Certificate:
    """Return the certificate of the partition in force.

    Raises
    ------
    MissingStageError
        If there is none.
    """
    partition = read_partition(warehouse)
    kinds = dict(warehouse.rows("SELECT domain, kind FROM fame.domains"))
    domains = [
        CertifiedDomain(d.name, d.description, kinds[d.name], d.template_ids)
        for d in partition.domains
    ]
    findings = warehouse.records(
        "SELECT rule, domain, passed, detail, action FROM fame.certificates ORDER BY ordinal"
    )
    certified = bool(warehouse.value("SELECT bool_and(certified) FROM fame.domains"))
    return Certificate(tuple(domains), tuple(Finding(**f) for f in findings), certified)


def _summaries_to_partition(warehouse: Warehouse) -> list[TemplateSummary]:
    summaries = read_summaries(warehouse)
    if not summaries:
        raise MissingStageError("no templates", "fame mine")
    if not warehouse.value("SELECT count(*) FROM fame.labels"):
        raise MissingStageError("no labels", "fame label")
    return summaries


def _certify_and_store(
    warehouse: Warehouse,
    proposal: Partition,
    summaries: Sequence[TemplateSummary],
    rules: CertificationRules | None,
) -> StoredPartition:
    certificate = certify(proposal, summaries, rules)
    looked = inspect(certificate, summaries, encoder_vectors(warehouse, summaries))
    told = (*proposal.findings, *certificate.findings, *looked)
    certificate = replace(certificate, findings=told)
    with warehouse.transaction():
        _store(warehouse, certificate, proposal.source)
    return StoredPartition(certificate, proposal.source)


def read_summaries(warehouse: Warehouse) -> list[TemplateSummary]:
    """Return what a partitioner sees of each template, in the order of their identities."""
    rows = warehouse.records(sql.load("domains/template_summaries"))
    return [TemplateSummary(**{**row, "examples": tuple(row["examples"] or ())}) for row in rows]


def _store(warehouse: Warehouse, certificate: Certificate, source: str) -> None:
    for table in ("domains", "domain_templates", "certificates"):
        warehouse.connection.execute(f"DELETE FROM fame.{table}")
    domains = [
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
    members = [
        {"domain": domain.name, "template_id": template_id}
        for domain in certificate.domains
        for template_id in domain.template_ids
    ]
    findings = [
        {
            "ordinal": number,
            "rule": finding.rule,
            "domain": finding.domain,
            "passed": finding.passed,
            "detail": finding.detail,
            "action": finding.action,
        }
        for number, finding in enumerate(certificate.findings, 1)
    ]
    _insert(warehouse, "domains", domains)
    _insert(warehouse, "domain_templates", members)
    _insert(warehouse, "certificates", findings)


def _insert(warehouse: Warehouse, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        statement = f"INSERT INTO fame.{table} BY NAME SELECT * FROM incoming_rows"
        warehouse.with_table("incoming_rows", pa.Table.from_pylist(list(rows)), statement)
