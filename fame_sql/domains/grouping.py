"""What a partition of templates into failure domains is, whoever proposes it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from fame_sql.domains.certification.certificate import Finding

Status = Literal["normal", "anomalous", "mixed", "unlabelled"]

MAX_NAME = 40
"""Characters of a domain's name."""


@dataclass(frozen=True, slots=True)
class TemplateSummary:
    """What a partitioner and the certification are told about a template.

    Parameters
    ----------
    template_id, template : str
        Its identity and its text, with placeholders.
    status : str
        What its labels say of it.
    service_name : str or None
        The service that writes most of its lines.
    events, lines : int
        Canonical events and lines it matches.
    normal_labels, anomalous_labels : int
        Labels of its events, by class; lines of one message with one label count once.
    examples : tuple of str
        A few of its messages.
    calibration_normal, calibration_anomalous : int
        Of the labels, those of events that first appeared in the calibration slice.
    """

    template_id: str
    template: str
    status: Status
    service_name: str | None
    events: int
    lines: int
    normal_labels: int
    anomalous_labels: int
    examples: tuple[str, ...] = ()
    calibration_normal: int = 0
    calibration_anomalous: int = 0


@dataclass(frozen=True, slots=True)
class Domain:
    """A proposed failure domain: templates that fail for related reasons."""

    name: str
    description: str
    template_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Partition:
    """A proposal; nothing is known of it until it is certified.

    Parameters
    ----------
    domains : tuple of Domain
        The domains, in the order of the proposal.
    source : str
        Who proposed it, for example ``"offline"``.
    findings : tuple of Finding
        What its making has to tell, for the certificate.
    """

    domains: tuple[Domain, ...]
    source: str
    findings: tuple[Finding, ...] = ()


Partitioner = Callable[[Sequence[TemplateSummary]], Partition]
"""Proposes a partition of all the templates it is given."""


def slug(text: str) -> str:
    """Return ``text`` as lower-case ASCII letters and digits joined by ``-``; may be empty."""
    plain = unicodedata.normalize("NFKD", text[:1000]).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:MAX_NAME].rstrip("-")


def unique_slugs(names: Iterable[str]) -> list[str]:
    """Return a slug for each name, none empty and none twice, in the order given.

    Slugs that are already unique come back unchanged.
    """
    given = list(names)
    taken = {name for name in given if name and name == slug(name)}
    result: list[str] = []
    for position, name in enumerate(given, 1):
        wanted = slug(name) or f"domain-{position}"
        # The first to bear a clean name keeps it; all others give way.
        free = wanted not in taken or (name == wanted and wanted not in result)
        result.append(wanted if free else unused_slug(wanted, taken))
        taken.add(result[-1])
    return result


def unused_slug(wanted: str, taken: Iterable[str]) -> str:
    """Return ``wanted``, numbered where it is taken."""
    names = set(taken)
    number, name = 2, wanted
    while name in names:
        ending = f"-{number}"
        name = wanted[: MAX_NAME - len(ending)].rstrip("-") + ending
        number += 1
    return name
