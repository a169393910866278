"""The training stage: from labelled events and certified domains to a published model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from fame_sql import models, sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError, MissingStageError
from fame_sql.scoring.policy import read_target
from fame_sql.students import StudentConfig, train
from fame_sql.students.fitting.checkpoints import Checkpoints
from fame_sql.students.fitting.retraining import retrain
from fame_sql.students.network.runtimes import Runtime
from fame_sql.templates.templates import TemplateSet, read_templates
from fame_sql.training.conversion import convert, runtime_of
from fame_sql.training.labelled import Labelled, read_labelled
from fame_sql.training.metrics import training_metrics
from fame_sql.training.plan import Plan, carry_scores, plan_training
from fame_sql.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from fame_sql.students import Student


@dataclass(frozen=True)
class TrainingReport:
    """What a training made.

    Parameters
    ----------
    model_version : str
        The model, now the champion.
    labelled_events : int
        Distinct events it learned from.
    domains : int
        Failure domains; ``experts`` of them, the mixed ones, have an expert.
    experts : int
        Experts trained.
    anomalous_events : int
        Those of them with anomalous labels; with none, no known message can be anomalous.
    trained : bool
        False if the champion had been trained from the same inputs already.
    plan : Plan or None
        What was trained and why; None if nothing was.
    carried : int
        Scores that were taken over from the model before, not made again.
    seconds : float
        What the training took.
    resumed : dict of str to int
        The step that each network of a training which had been stopped went on from.
    """

    model_version: str
    labelled_events: int
    domains: int
    experts: int
    anomalous_events: int
    trained: bool
    plan: Plan | None = None
    carried: int = 0
    seconds: float = 0.0
    resumed: dict[str, int] = field(default_factory=dict)

    def told(self) -> str:
        """Return what was trained, why, and what was kept, as one line."""
        if self.plan is None:
            return f"model {self.model_version} is up to date: nothing has changed"
        took = f" in {self.seconds:.1f} s"
        if self.plan.is_full:
            return f"everything trained{took}: {self.plan.why}"
        names = ", ".join(self.plan.retrained) or "the router alone"
        return (
            f"{self.plan.why}: trained {names}{took}; {len(self.plan.kept)} domains and "
            f"{self.carried} scores kept from model {self.plan.parent}"
        )


def train_students(
    warehouse: Warehouse,
    *,
    config: StudentConfig | None = None,
    again: bool = False,
    hold_out: bool = True,
    progress: Progress | None = None,
    runtime: Runtime | None = None,
    checkpoints: Checkpoints | None = None,
) -> TrainingReport:
    """Train the router and the experts, save the model and publish it as champion.

    Where a champion learned from other labels or domains, only what has changed is trained:
    :func:`fame_sql.training.plan.plan_training` says when. Scores of what stayed are taken over.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates are labelled and partitioned.
    config : StudentConfig, optional
        Sizes and seeds; by default those of the champion.
    again : bool
        Train everything, even if the champion learned from the same inputs.
    hold_out : bool
        Keep the student's errors on events that it did not learn from in the model, at the cost
        of a second training where the calibration slice is small.
    progress : Progress, optional
        Where to tell how far it is.
    runtime : Runtime, optional
        What the model is to run on; by default what the champion runs on, or torch.
    checkpoints : Checkpoints, optional
        Where to keep how far it is, so that a training that was killed goes on where it was; by
        default beside the models, until one is published.

    Raises
    ------
    MissingStageError
        If there are no labels or no domains.
    InputError
        If every labelled event is anomalous.
    """
    config = config or config_in_force(warehouse)
    labelled = read_labelled(warehouse)
    inputs = inputs_hash(warehouse, config)
    wanted = runtime or _runtime(warehouse) or Runtime()
    checkpoints = checkpoints or Checkpoints.beside(warehouse.models_folder)
    if not again and (version := _trained_already(warehouse, inputs)):
        checkpoints.remove()
        version = _running_on(warehouse, version, wanted)
        return TrainingReport(version, **labelled.counts, trained=False)
    plan = plan_training(warehouse, config, labelled.names, full=again)
    begun = perf_counter()
    course = progress or SilentProgress(), checkpoints
    student = _fit(warehouse, labelled, config, hold_out, plan, *course)
    student = student.on(wanted, labelled.events.canonical)
    metrics = training_metrics(warehouse, config, plan, student, labelled.counts)
    metrics["inputs"] = inputs
    report = _publish(warehouse, student, labelled, plan, metrics, begun)
    checkpoints.remove()
    return replace(report, resumed=checkpoints.resumed)


def _publish(
    warehouse: Warehouse,
    student: Student,
    labelled: Labelled,
    plan: Plan,
    metrics: dict[str, Any],
    begun: float,
) -> TrainingReport:
    """Save what was trained, with what is known of it, and put it in force."""
    version = _save(warehouse, student, labelled, plan, metrics)
    metrics["training"]["seconds"] = seconds = perf_counter() - begun
    # Before the model is in force, so that nobody judges again what is about to be taken over.
    stays = student.runtime == _runtime(warehouse)
    carried = carry_scores(warehouse, plan, version) if stays else 0
    models.publish(warehouse, version, metrics, reason=_reason(plan))
    facts: dict[str, Any] = {"plan": plan, "carried": carried, "seconds": seconds}
    return TrainingReport(version, **labelled.counts, trained=True, **facts)


def _running_on(warehouse: Warehouse, version: str, wanted: Runtime) -> str:
    """Return the champion's version, or that of its like on another runtime."""
    if wanted == _runtime(warehouse):
        return version
    return convert(warehouse, version, wanted, promote=True).model_version


def config_in_force(warehouse: Warehouse) -> StudentConfig:
    """Return the settings of the champion's students, or the defaults where there is none."""
    try:
        return StudentConfig(**models.champion(warehouse).metrics["config"])
    except (MissingStageError, KeyError, TypeError, InputError):
        return StudentConfig()


def _reason(plan: Plan) -> str:
    changed = f"trained what had changed since {plan.parent}"
    return f"trained: {plan.why}" if plan.is_full else changed


def inputs_hash(warehouse: Warehouse, config: StudentConfig) -> str:
    """Return a hash of all that a training reads: labels, domains, masks, split, settings."""
    stored = warehouse.value(sql.load("training/inputs"))
    settings = json.dumps(config.settings(), sort_keys=True)
    target = read_target(warehouse)
    aim = "" if target is None else repr(target)
    return hashlib.md5(f"{stored}{settings}{aim}".encode()).hexdigest()


def _runtime(warehouse: Warehouse) -> Runtime | None:
    """Return what the champion runs on; None where there is none."""
    try:
        return runtime_of(models.champion(warehouse))
    except MissingStageError:
        return None


def _trained_already(warehouse: Warehouse, inputs: str) -> str | None:
    try:
        champion = models.champion(warehouse)
    except MissingStageError:
        return None
    return champion.model_version if champion.metrics.get("inputs") == inputs else None


def _fit(
    warehouse: Warehouse,
    labelled: Labelled,
    config: StudentConfig,
    hold_out: bool,
    plan: Plan,
    progress: Progress,
    checkpoints: Checkpoints,
) -> Student:
    examples, domains, target = labelled.events, labelled.domains, read_target(warehouse)
    if plan.parent is not None:
        parent = models.load(models.find(warehouse, plan.parent).folder).student
        return retrain(parent, examples, domains, plan.retrained, progress, target)
    texts = [row[0] for row in warehouse.rows(sql.load("training/training_texts"))]
    placeholders = warehouse.recipe().placeholders
    given = (examples, texts, domains, config, placeholders, progress, target, hold_out)
    return train(*given, checkpoints)


def _save(
    warehouse: Warehouse,
    student: Student,
    labelled: Labelled,
    plan: Plan,
    metrics: dict[str, Any],
) -> str:
    domain_of_template: dict[str, int] = dict(
        warehouse.rows(sql.load("training/domain_of_template"))
    )
    templates = read_templates(warehouse).templates
    known = tuple(t for t in templates if t.template_id in domain_of_template)
    return models.save(
        warehouse.models_folder,
        recipe=warehouse.recipe(),
        templates=TemplateSet(known),
        domains=labelled.specs,
        domain_of_template=domain_of_template,
        student=student,
        examples=labelled.examples,
        metrics=metrics,
        parent=plan.parent,
    )
