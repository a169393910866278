"""The domains stage: templates are partitioned, the partition certified and stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from fame_sql import sql
from fame_sql.domains.certify import Certificate, certify
from fame_sql.domains.offline import partition_offline
from fame_sql.domains.partition import Partitioner, TemplateSummary
from fame_sql.errors import MissingStageError
from fame_sql.warehouse import Warehouse


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


def partition_templates(
    warehouse: Warehouse, partitioner: Partitioner = partition_offline
) -> StoredPartition:
    """Partition the warehouse's templates into failure domains, certify and store the result.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates are mined and labelled.
    partitioner : callable
        Proposes the partition; without a language model, the offline one.

    Raises
    ------
    MissingStageError
        If there are no templates or no labels.
    """
    summaries = read_summaries(warehouse)
    if not summaries:
        raise MissingStageError("no templates", "fame mine")
    if not warehouse.value("SELECT count(*) FROM fame.labels"):
        raise MissingStageError("no labels", "fame label")
    proposal = partitioner(summaries)
    certificate = certify(proposal, summaries)
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
