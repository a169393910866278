"""The rules of a certification and its result."""

from __future__ import annotations

from dataclasses import dataclass

from fame_sql.errors import InputError
from fame_sql.verdict.label_words import DomainKind


@dataclass(frozen=True, slots=True)
class CertificationRules:
    """The limits that a grouping must respect.

    Parameters
    ----------
    min_labels_per_class : int
        Minimum number of labels of each class in a mixed domain, so that its expert can be
        trained. Lines with the same message and the same label count once.
    max_domains : int
        Maximum number of domains.
    max_share : float
        A domain with more than this share of the templates is reported as large; in (0, 1].
    """

    min_labels_per_class: int = 3
    max_domains: int = 16
    max_share: float = 0.6

    def __post_init__(self) -> None:
        if self.min_labels_per_class < 1 or self.max_domains < 1:
            raise InputError(
                f"min_labels_per_class and max_domains must be at least 1, not "
                f"{self.min_labels_per_class} and {self.max_domains}; leave them out for 3 and 16"
            )
        if not 0 < self.max_share <= 1:
            raise InputError(
                f"max_share must be above 0 and at most 1, not {self.max_share}; "
                "leave it out for 0.6"
            )


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of checking one rule of a certification, in plain words.

    Parameters
    ----------
    rule : str
        The rule that was checked.
    domain : str or None
        The domain concerned, by its name at that time; None for the whole grouping.
    passed : bool
        Whether the rule was satisfied before any repair.
    detail : str
        What the check found.
    action : str or None
        The repair; None if nothing was changed.
    """

    rule: str
    domain: str | None
    passed: bool
    detail: str
    action: str | None = None


@dataclass(frozen=True, slots=True)
class CertifiedDomain:
    """A domain as it is used; its kind depends on the labels alone.

    Parameters
    ----------
    name, description : str
        A unique slug, and one printable sentence.
    kind : str
        ``"anomalous"`` if all of its labels are anomalous, ``"mixed"`` if it has labels of both
        classes, ``"normal"`` if it has no anomalous label.
    template_ids : tuple of str
        Its templates, sorted.
    """

    name: str
    description: str
    kind: DomainKind
    template_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A grouping that covers every template exactly once, and the decisions that led to it.

    Parameters
    ----------
    domains : tuple of CertifiedDomain
        At least one, none empty.
    findings : tuple of Finding
        Every decision, in order.
    certified : bool
        Whether ``domains`` satisfy every mandatory rule. False if there are too few labels of a
        class even with all templates in one domain, or the labels cannot be trusted.
    """

    domains: tuple[CertifiedDomain, ...]
    findings: tuple[Finding, ...]
    certified: bool
