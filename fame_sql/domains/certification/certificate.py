"""What a certification asks for, and what it says."""

from __future__ import annotations

from dataclasses import dataclass

from fame_sql.errors import InputError
from fame_sql.verdict.label_words import Kind


@dataclass(frozen=True, slots=True)
class CertificationRules:
    """The bounds that a partition must keep.

    Parameters
    ----------
    min_labels_per_class : int
        Labels of either class that a mixed domain must have for its expert to be trained; lines
        of one message with one label count once.
    max_domains : int
        Domains there may be.
    max_share : float
        The share of the templates above which a domain is reported as large, in (0, 1].
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
                f"max_share must lie above 0 and at most at 1, and {self.max_share} does not; "
                "leave it out for 0.6"
            )


@dataclass(frozen=True, slots=True)
class Finding:
    """One decision of a certification, in plain words.

    Parameters
    ----------
    rule : str
        The rule that was checked.
    domain : str or None
        The domain it is about, by its name at that point; None for the whole partition.
    passed : bool
        Whether the rule held before anything was repaired.
    detail : str
        What was found.
    action : str or None
        What was done about it; None for nothing.
    """

    rule: str
    domain: str | None
    passed: bool
    detail: str
    action: str | None = None


@dataclass(frozen=True, slots=True)
class CertifiedDomain:
    """A domain as it is used; its kind comes from labels alone.

    Parameters
    ----------
    name, description : str
        A unique slug, and one printable sentence.
    kind : str
        ``"anomalous"`` where labels are there and all anomalous, ``"mixed"`` where they are
        of both classes, ``"normal"`` where none is anomalous.
    template_ids : tuple of str
        Its templates, sorted.
    """

    name: str
    description: str
    kind: Kind
    template_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A partition that covers every template exactly once, and how it came to be.

    Parameters
    ----------
    domains : tuple of CertifiedDomain
        At least one, none empty.
    findings : tuple of Finding
        Every decision, in the order it was taken.
    certified : bool
        Whether every binding rule holds for ``domains``. False where there are too few labels
        of either class even with all templates in one domain.
    """

    domains: tuple[CertifiedDomain, ...]
    findings: tuple[Finding, ...]
    certified: bool
