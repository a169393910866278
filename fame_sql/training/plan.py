"""Deciding what a training has to train: everything, or what has changed since the champion.

A domain whose kind and labels are those that the champion learned from keeps its expert, and every
template that stays in the domain keeps its scores, which SQL copies to the new model.
"""

from __future__ import annotations

from dataclasses import dataclass

from fame_sql import models, sql
from fame_sql.errors import ModelError
from fame_sql.models import ModelRecord
from fame_sql.models.model import Model
from fame_sql.training.context import TrainingContext
from fame_sql.warehouse.warehouse import Warehouse

FULL_SHARE = 0.25
"""Share of templates that may be new, or in another domain, before everything is trained.

The encoder has not read new templates; with many of them it is worth training it again.
"""


@dataclass(frozen=True)
class TrainingPlan:
    """What a training is to train.

    Parameters
    ----------
    parent : str or None
        The model whose encoder and unchanged domains are kept; None if everything is trained.
    retrained, kept : tuple of str
        Domains that are trained, and those that are kept.
    moved : int
        Templates that are new, or in another domain, since everything was trained.
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
        """Whether everything is trained."""
        return self.parent is None


def plan_training(context: TrainingContext, *, full: bool = False) -> TrainingPlan:
    """Return what has to be trained.

    Parameters
    ----------
    context : TrainingContext
        The champion, and what there is to learn from now.
    full : bool
        Train everything, whatever has changed.
    """
    if full:
        return _full(context, "as was asked for")
    if context.champion is None:
        return _full(context, "there was no model")
    try:
        model = models.load(context.champion.folder)
    except ModelError:
        return _full(context, "the champion's folder cannot be used")
    if reason := _nothing_kept(context, context.champion):
        return _full(context, reason)
    return _partial(context, context.champion, model)


def carry_scores(warehouse: Warehouse, plan: TrainingPlan, version: str) -> int:
    """Copy the parent's verdicts that a new model gives as well, and return how many there are.

    Parameters
    ----------
    warehouse : Warehouse
        Where the verdicts are stored.
    plan : TrainingPlan
        Which domains are kept.
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


def _full(context: TrainingContext, why: str) -> TrainingPlan:
    return TrainingPlan(
        parent=None, retrained=tuple(context.labelled.names), kept=(), moved=0, why=why
    )


def _nothing_kept(context: TrainingContext, parent: ModelRecord) -> str | None:
    """Return why nothing of the champion can be kept; None if something can."""
    metrics, target = parent.metrics, context.target
    if "domain_inputs" not in metrics:
        return "an older fame-sql made the champion"
    if parent.recipe_version != context.recipe.version:
        return "the masks have changed"
    if metrics.get("config") != context.config.settings():
        return "the settings of the students have changed"
    if context.config.separate:
        return "every expert has an encoder of its own, which its labels train"
    if metrics.get("max_false_alarms") != target:
        return "the target of false alarms has changed"
    if target is not None and not metrics["held_out_events"]["known"]:
        return "no held-out events show whether the target of false alarms is met"
    return None


def _partial(context: TrainingContext, parent: ModelRecord, model: Model) -> TrainingPlan:
    before, domains = parent.metrics["domain_inputs"], context.labelled.names
    kept = tuple(name for name in domains if before.get(name) == context.domain_inputs[name])
    if not kept:
        return _full(context, "every domain has changed")
    moved = _moved(context, model) + int(parent.metrics.get("moved_templates", 0))
    templates = len(context.domain_of_template)
    if moved > FULL_SHARE * templates:
        return _full(
            context,
            f"{moved} of {templates} templates are new or in another domain since everything was "
            f"trained, more than {FULL_SHARE:.0%}",
        )
    changed = tuple(name for name in domains if name not in kept)
    return TrainingPlan(
        parent=parent.model_version,
        retrained=changed,
        kept=kept,
        moved=moved,
        why=f"{len(changed)} of {len(domains)} domains have changed",
    )


def _moved(context: TrainingContext, model: Model) -> int:
    """Count the templates that are new, or in another domain than the model has them."""
    names = context.labelled.names
    before = {t: model.domains[index] for t, index in model.domain_of_template.items()}
    now = context.domain_of_template.items()
    return sum(before.get(template) != names[index] for template, index in now)
