"""Deciding what a training has to train: everything, or what has changed since the champion.

A domain whose kind and labels are those that the champion learned from keeps its expert, and every
template that stays in it its scores, which are taken over in SQL and not made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fame_sql import models, sql
from fame_sql.errors import MissingStageError, ModelError
from fame_sql.models.model import Model
from fame_sql.scoring.policy import read_target
from fame_sql.students import StudentConfig
from fame_sql.warehouse.warehouse import Warehouse

FULL_SHARE = 0.25
"""Share of the templates that may be new, or in another domain, before everything is trained.

The encoder has not read new templates; with so many of them it is worth training it again.
"""


@dataclass(frozen=True)
class Plan:
    """What a training is to train.

    Parameters
    ----------
    parent : str or None
        The model whose encoder and unchanged domains stay; None if everything is trained.
    retrained, kept : tuple of str
        Domains that are trained, and those that stay.
    moved : int
        Templates that are new or in another domain since everything was trained.
    why : str
        The reason, in words.
    """

    parent: str | None
    retrained: tuple[str, ...]
    kept: tuple[str, ...]
    moved: int
    why: str

    @property
    def is_full(self) -> bool:
        """Whether everything is trained anew."""
        return self.parent is None


def plan_training(
    warehouse: Warehouse, config: StudentConfig, domains: Sequence[str], *, full: bool = False
) -> Plan:
    """Return what has to be trained.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates are labelled and partitioned.
    config : StudentConfig
        Sizes and seeds that are asked for.
    domains : sequence of str
        The failure domains, in their order.
    full : bool
        Train everything whatever has changed.
    """
    if full:
        return _full(domains, "as was asked for")
    try:
        parent = models.champion(warehouse)
        model = models.load(parent.folder)
    except MissingStageError:
        return _full(domains, "there was no model")
    except ModelError:
        return _full(domains, "the champion's folder cannot be used")
    if reason := _another(warehouse, parent, config):
        return _full(domains, reason)
    return _partial(warehouse, parent, model, domains)


def domain_inputs(warehouse: Warehouse) -> dict[str, str]:
    """Return a hash of what judges the messages of each domain: its kind and labels."""
    return dict(warehouse.rows(sql.load("training/domain_inputs")))


def carry_scores(warehouse: Warehouse, plan: Plan, version: str) -> int:
    """Take over the parent's verdicts that the model ``version`` gives as well; return how many.

    Parameters
    ----------
    warehouse : Warehouse
        Where they are stored.
    plan : Plan
        What stayed.
    version : str
        The new model.
    """
    if plan.is_full:
        return 0
    parameters = {"model_version": version, "parent": plan.parent, "domains": list(plan.kept)}
    with warehouse.transaction():
        warehouse.connection.execute(sql.load("training/carry_scores"), parameters)
    count = "SELECT count(*) FROM fame.scores WHERE model_version = ?"
    return int(warehouse.value(count, [version]))


def _full(domains: Sequence[str], why: str) -> Plan:
    return Plan(None, tuple(domains), (), 0, why)


def _another(warehouse: Warehouse, parent: models.ModelRecord, config: StudentConfig) -> str | None:
    """Say why nothing of the champion can be kept, if so."""
    metrics = parent.metrics
    if "domain_inputs" not in metrics:
        return "an older fame-sql made the champion"
    if parent.recipe_version != warehouse.recipe().version:
        return "the masks have changed"
    if metrics.get("config") != config.settings():
        return "the settings of the students have changed"
    if config.separate:
        return "every expert has an encoder of its own, which its labels train"
    target = read_target(warehouse)
    if metrics.get("max_false_alarms") != target:
        return "the target of false alarms has changed"
    if target is not None and not metrics["held_out_events"]["known"]:
        return "nothing is held out that would show the target of false alarms"
    return None


def _partial(
    warehouse: Warehouse, parent: models.ModelRecord, model: Model, domains: Sequence[str]
) -> Plan:
    before, now = parent.metrics["domain_inputs"], domain_inputs(warehouse)
    kept = tuple(name for name in domains if before.get(name) == now[name])
    if not kept:
        return _full(domains, "every domain has changed")
    moved, templates = _moved(warehouse, model)
    moved += int(parent.metrics.get("moved_templates", 0))
    if moved > FULL_SHARE * templates:
        return _full(
            domains,
            f"{moved} of {templates} templates are new or in another domain since everything was "
            f"trained, more than {FULL_SHARE:.0%}",
        )
    changed = tuple(name for name in domains if name not in kept)
    return Plan(
        parent.model_version,
        changed,
        kept,
        moved,
        f"{len(changed)} of {len(domains)} domains have changed",
    )


def _moved(warehouse: Warehouse, model: Model) -> tuple[int, int]:
    """Count the templates that are new or in another domain than the model has them, and all."""
    rows: list[tuple[Any, ...]] = warehouse.rows(
        "SELECT template_id, domain FROM fame.domain_templates"
    )
    before = {t: model.domains[index] for t, index in model.domain_of_template.items()}
    return sum(before.get(template_id) != domain for template_id, domain in rows), len(rows)
