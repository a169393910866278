"""Checks beyond the mandatory rules: coherence, calibration labels and contradictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.domains.certification.certificate import Certificate, CertifiedDomain, Finding
from fame_sql.domains.certification.draft import describe_ids
from fame_sql.domains.grouping import Grouping, TemplateSummary
from fame_sql.domains.proposals.text import TextSpace, unit

Vectors = npt.NDArray[np.float64]

_STABLE = 0.5
_ZERO = 1e-6


def inspect(
    certificate: Certificate,
    templates: Sequence[TemplateSummary],
    vectors: Vectors | None = None,
) -> tuple[Finding, ...]:
    """Check certified domains for what an operator should know, without changing them.

    Parameters
    ----------
    certificate : Certificate
        The result of the certification.
    templates : sequence of TemplateSummary
        Every template.
    vectors : array, shape (templates, width), optional
        The templates in the space of a trained encoder; TF-IDF is used if None.
    """
    from scipy.sparse import csr_matrix

    rows = {template.template_id: row for row, template in enumerate(templates)}
    members = [[rows[i] for i in domain.template_ids] for domain in certificate.domains]
    space = TextSpace.of(templates).vectors if vectors is None else csr_matrix(unit(vectors))
    where = "TF-IDF" if vectors is None else "the champion's encoder"
    return (
        *_coherence(certificate.domains, members, space, where),
        *_calibration(certificate.domains, [[templates[r] for r in rows] for rows in members]),
        *_contradictions(certificate.domains, [[templates[r] for r in rows] for rows in members]),
    )


def _coherence(
    domains: Sequence[CertifiedDomain],
    members: Sequence[Sequence[int]],
    vectors: Any,
    where: str,
) -> list[Finding]:
    """Count the members that are nearer to the rest of their domain than to any other domain.

    The vectors are sparse: thousands of templates have tens of thousands of words.
    """
    if len(domains) < 2:
        return [Finding("coherence", None, True, "there is only one domain: nothing to compare")]
    sums = np.vstack([np.asarray(vectors[list(rows)].sum(axis=0)).ravel() for rows in members])
    found = []
    for number, (domain, rows) in enumerate(zip(domains, members, strict=True)):
        others = [n for n in range(len(domains)) if n != number]
        near = _near(vectors[list(rows)], sums[number])
        far = (vectors[list(rows)] @ unit(sums[others]).T).max(axis=1)
        # A domain of one template has no other members to compare with.
        at_home = len(rows) if len(rows) == 1 else int((near.round(9) >= far.round(9)).sum())
        detail = (
            f"{at_home} of {len(rows)} template(s) are nearer to their own domain than to any "
            f"other, by {where}"
        )
        found.append(Finding("coherence", domain.name, 2 * at_home >= len(rows), detail))
    return found


def _near(members: Any, whole: Vectors) -> Vectors:
    """Return the cosine of each member with the sum of the others; 0 where that is zero."""
    dots = members @ whole
    squares = np.asarray(members.multiply(members).sum(axis=1)).ravel()
    lengths = np.sqrt(np.maximum(whole @ whole - 2 * dots + squares, 0.0))
    cosines = (dots - squares) / np.where(lengths > _ZERO, lengths, 1.0)
    return np.asarray(np.where(lengths > _ZERO, cosines, 0.0), dtype=np.float64)


def _calibration(
    domains: Sequence[CertifiedDomain], members: Sequence[Sequence[TemplateSummary]]
) -> list[Finding]:
    """Check which mixed domains have labels of both classes in the calibration slice."""
    found = []
    for domain, templates in zip(domains, members, strict=True):
        if domain.kind != "mixed":
            continue
        normal = sum(t.calibration_normal for t in templates)
        anomalous = sum(t.calibration_anomalous for t in templates)
        enough = min(normal, anomalous) > 0
        detail = f"{normal} normal and {anomalous} anomalous label(s) of the calibration slice"
        action = None if enough else "it uses the threshold of all domains together"
        found.append(Finding("calibration", domain.name, enough, detail, action))
    return found


def _contradictions(
    domains: Sequence[CertifiedDomain], members: Sequence[Sequence[TemplateSummary]]
) -> list[Finding]:
    """Find domains that mix templates with only normal and with only anomalous labels."""
    found = []
    for domain, templates in zip(domains, members, strict=True):
        bad = [t.template_id for t in templates if t.anomalous_labels and not t.normal_labels]
        good = [t.template_id for t in templates if t.normal_labels and not t.anomalous_labels]
        if bad and good:
            detail = (
                f"{describe_ids(bad)} with only anomalous labels are grouped with {len(good)} "
                "with only normal labels: the labels separate what the grouping does not"
            )
            action = "labels decide: the domain is mixed, and its expert judges each message"
            found.append(Finding("contradiction", domain.name, False, detail, action))
    if not found:
        detail = "no domain mixes templates that the labels separate"
        found.append(Finding("contradiction", None, True, detail))
    return found


def stability(one: Grouping, other: Grouping, templates: Sequence[TemplateSummary]) -> Finding:
    """Compare two proposals for the same templates by their adjusted Rand index.

    The index (Hubert and Arabie 1985) is 1 for equal groupings and about 0 for unrelated ones.
    """
    from sklearn.metrics import adjusted_rand_score

    index = float(adjusted_rand_score(_labels(one, templates), _labels(other, templates)))
    detail = f"adjusted Rand index {index:.3f} between two requests in different orders"
    return Finding("stability", None, index >= _STABLE, detail)


def _labels(grouping: Grouping, templates: Sequence[TemplateSummary]) -> list[int]:
    """Return each template's domain; a template that is left out is a domain of its own."""
    home: dict[str, int] = {}
    for number, domain in enumerate(grouping.domains):
        for template_id in domain.template_ids:
            home.setdefault(template_id, number)
    return [home.get(t.template_id, -1 - row) for row, t in enumerate(templates)]
