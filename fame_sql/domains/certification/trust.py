"""Whether the labels that a certificate rests on can be trusted."""

from __future__ import annotations

from fame_sql import sql
from fame_sql.domains.certification.certificate import Finding
from fame_sql.labels.readings import OTHERWISE
from fame_sql.warehouse.warehouse import Warehouse

_MOST_CONTRADICTING = 0.2
_MOST_OTHERWISE = 0.2
_FEWEST = 5


def inspect_labels(warehouse: Warehouse) -> tuple[Finding, ...]:
    """Return what is wrong with the labels: all are normal, or many cannot be trusted.

    Lines that sway a language model leave labels that are all normal, contradict the severity, or
    differ between two readings. The other checks, which rest on labels, cannot see it.
    """
    [facts] = warehouse.records(sql.load("domains/label_trust"), {"otherwise": OTHERWISE})
    found = []
    if facts["labels"] and not facts["anomalous"]:
        detail = f"none of {facts['labels']} labels is anomalous: a model would report nothing"
        found.append(Finding("label trust", None, False, detail))
    share = facts["contradicting"] / max(facts["by_model"], 1)
    if facts["contradicting"] >= _FEWEST and share > _MOST_CONTRADICTING:
        detail = (
            f"{facts['contradicting']} of {facts['by_model']} labels of the language model call "
            "lines of severity ERROR or higher normal: read them with 'fame label review'"
        )
        found.append(Finding("label trust", None, False, detail))
    if facts["otherwise"] >= _FEWEST and facts["otherwise"] > _MOST_OTHERWISE * facts["by_model"]:
        detail = (
            f"{facts['otherwise']} lines were {OTHERWISE}, and {facts['by_model']} have labels of "
            "the language model: lines sway it, or it guesses; read them with 'fame label review'"
        )
        found.append(Finding("label trust", None, False, detail))
    return tuple(found)


def used_prompts(warehouse: Warehouse, *, by_model: bool) -> tuple[Finding, ...]:
    """Return the prompts that labels, and a grouping by a language model, rest on."""
    rows = warehouse.rows(sql.load("domains/prompts"), {"by_model": by_model})
    return tuple(
        Finding("prompt", None, True, f"{what}: {model} with the prompts of version {version}")
        for what, model, version in rows
    )
