"""The certificate of a grouping as an HTML page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fame_sql.console import plural
from fame_sql.domains.certification.certificate import Certificate
from fame_sql.domains.grouping import TemplateSummary
from fame_sql.forensics.charts import domains
from fame_sql.forensics.pages.page import LABELS, picture, render

_SOURCES = {"offline": "their words and services", "llm": "a language model"}


def html_certificate(
    certificate: Certificate, templates: Sequence[TemplateSummary], source: str
) -> str:
    """Return the page: whether the grouping is certified, a picture, and then the rest, folded.

    Parameters
    ----------
    certificate : Certificate
        The certificate.
    templates : sequence of TemplateSummary
        All templates of the warehouse.
    source : str
        Who proposed the grouping.

    Raises
    ------
    InputError
        If the extra ``forensics`` is not installed.
    """
    texts = {template.template_id: template for template in templates}
    rows = _rows(certificate, texts)
    drawn = None
    if rows:
        label = "Templates of each domain, by what their labels say"
        drawn = picture(lambda width: domains.chart(rows, width=width - LABELS), label)
    return render(
        "certificate",
        title="Failure domains",
        certificate=certificate,
        conclusion=conclusion(certificate, len(templates), source),
        picture=drawn,
        domains=[
            (domain, [texts[i] for i in domain.template_ids if i in texts])
            for domain in certificate.domains
        ],
    )


def conclusion(certificate: Certificate, templates: int, source: str) -> list[str]:
    """Return what the certificate says, in two sentences."""
    kinds = Counter(domain.kind for domain in certificate.domains)
    named = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    if len(kinds) == 1:
        named = f"all {next(iter(kinds))}"
    verdict = "Certified" if certificate.certified else "Not certified"
    failed = [finding for finding in certificate.findings if not finding.passed]
    repaired = [finding for finding in failed if finding.action]
    second = (
        f"{plural(len(failed), 'check')} of {len(certificate.findings)} found something; "
        f"{_of(len(repaired), len(failed))} decided by rule."
        if failed
        else f"All {len(certificate.findings)} checks were passed without a repair."
    )
    return [
        f"{verdict}: {plural(len(certificate.domains), 'domain')} ({named}) for "
        f"{plural(templates, 'template')}, grouped by {_SOURCES.get(source, source)}.",
        second,
    ]


def _of(some: int, every: int) -> str:
    if some == every > 1:
        return "all of them were"
    return plural(some, "of them was", "of them were")


def _rows(certificate: Certificate, texts: Mapping[str, TemplateSummary]) -> list[dict[str, Any]]:
    return [
        {"domain": domain.name, "status": status, "templates": number}
        for domain in certificate.domains
        for status, number in Counter(
            texts[i].status for i in domain.template_ids if i in texts
        ).items()
    ]
