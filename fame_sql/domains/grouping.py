"""A grouping of templates into failure domains, whoever proposes it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from fame_sql.domains.certification.certificate import Finding

Status = Literal["normal", "anomalous", "mixed", "unlabelled"]

MAX_NAME = 40
"""Maximum length of a domain's name in characters."""


@dataclass(frozen=True, slots=True)
class TemplateSummary:
    """The facts about a template that a grouper and the certification use.

    Parameters
    ----------
    template_id, template : str
        Its identity, and its text with placeholders.
    status : str
        Its status according to its labels.
    service_name : str or None
        The service that writes most of its lines.
    events, lines : int
        Number of canonical events and of lines that it matches.
    normal_labels, anomalous_labels : int
        Labels of its events by class. Lines with the same message and label count once.
    examples : tuple of str
        A few of its messages.
    calibration_normal, calibration_anomalous : int
        The labels of events that first appeared in the calibration slice.
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
class Grouping:
    """A proposed grouping; it guarantees nothing until it is certified.

    Parameters
    ----------
    domains : tuple of Domain
        The domains, in the order of the proposal.
    source : str
        Who proposed it, for example ``"offline"``.
    findings : tuple of Finding
        Findings of the proposal itself, for the certificate.
    """

    domains: tuple[Domain, ...]
    source: str
    findings: tuple[Finding, ...] = ()


Grouper = Callable[[Sequence[TemplateSummary]], Grouping]
"""Proposes a grouping of all the given templates."""


def slug(text: str) -> str:
    """Return ``text`` as lower-case ASCII letters and digits joined by ``-``; may be empty."""
    plain = unicodedata.normalize("NFKD", text[:1000]).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:MAX_NAME].rstrip("-")


def unique_slugs(names: Iterable[str]) -> list[str]:
    """Return a unique, non-empty slug for each name, in the given order.

    Names that are unique slugs already are returned unchanged.
    """
    given = list(names)
    taken = {name for name in given if name and name == slug(name)}
    result: list[str] = []
    for position, name in enumerate(given, 1):
        wanted = slug(name) or f"domain-{position}"
        # The first name that is a slug already keeps it; later ones get a number.
        free = wanted not in taken or (name == wanted and wanted not in result)
        result.append(wanted if free else unused_slug(wanted, taken))
        taken.add(result[-1])
    return result


def unused_slug(wanted: str, taken: Iterable[str]) -> str:
    """Return ``wanted``, with a number added if it is taken."""
    names = set(taken)
    number, name = 2, wanted
    while name in names:
        ending = f"-{number}"
        name = wanted[: MAX_NAME - len(ending)].rstrip("-") + ending
        number += 1
    return name
