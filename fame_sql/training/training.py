"""The training stage: from labelled events and certified domains to a published model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from fame_sql import models
from fame_sql.console import Progress, SilentProgress
from fame_sql.models import ModelRecord
from fame_sql.students import StudentConfig, retrain, train
from fame_sql.students.fitting.checkpoints import Checkpoints
from fame_sql.students.runtime import Runtime
from fame_sql.training.context import TrainingContext, read_context, read_texts
from fame_sql.training.conversion import convert_record, runtime_of
from fame_sql.training.metrics import training_metrics
from fame_sql.training.plan import TrainingPlan, carry_scores, plan_training
from fame_sql.training.values import read_heads, settle_value_heads
from fame_sql.values.heads import ValueHeads
from fame_sql.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from fame_sql.students import Student


@dataclass(frozen=True)
class TrainingReport:
    """What a training did.

    Parameters
    ----------
    model_version : str
        The model, which is now the champion.
    labelled_events : int
        Distinct events that it learned from.
    domains : int
        Failure domains; the mixed ones have an expert.
    experts : int
        Domains with an expert.
    anomalous_events : int
        Labelled events with anomalous labels.
    trained : bool
        False if the champion had learned from the same inputs already.
    plan : TrainingPlan or None
        What was trained and why; None if nothing was.
    carried : int
        Scores that were copied from the previous model instead of being computed.
    seconds : float
        How long the training took.
    resumed : dict of str to int
        For each network whose training was resumed, the step at which it was.
    failed_fits : tuple of str
        A sentence for each part of the calibration that could not be fitted.
    """

    model_version: str
    labelled_events: int
    domains: int
    experts: int
    anomalous_events: int
    trained: bool
    plan: TrainingPlan | None = None
    carried: int = 0
    seconds: float = 0.0
    resumed: dict[str, int] = field(default_factory=dict)
    failed_fits: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return on one line what was trained, why, and what was kept."""
        if self.plan is None:
            return f"model {self.model_version} is up to date: nothing has changed"
        took = f" in {self.seconds:.1f} s"
        if self.plan.is_full:
            return f"everything trained{took}: {self.plan.why}"
        names = ", ".join(self.plan.retrained) or "only the router"
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
    """Train the router and the experts, save the model and publish it as the champion.

    If the champion learned from other labels or domains, only what has changed is trained;
    :func:`fame_sql.training.plan.plan_training` decides. Scores in unchanged domains are kept.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates are labelled and grouped into domains.
    config : StudentConfig, optional
        Sizes and seeds; by default those of the champion.
    again : bool
        Train everything, even if the champion learned from the same inputs.
    hold_out : bool
        Store the student's errors on held-out events in the model, even if the calibration
        slice is so small that this takes a second training.
    progress : Progress, optional
        Shows the progress.
    runtime : Runtime, optional
        What the model is to run on; by default what the champion runs on, or torch.
    checkpoints : Checkpoints, optional
        Where to keep checkpoints, from which a training that was killed resumes; by default in
        the folder of models, until the model is published.

    Raises
    ------
    MissingStageError
        If there are no labels or no domains.
    InputError
        If every labelled event is anomalous.
    """
    if warehouse.value("SELECT count(*) FROM fame.domains"):
        settle_value_heads(warehouse, config or StudentConfig())
    context = read_context(warehouse, config, runtime)
    checkpoints = checkpoints or Checkpoints.beside(warehouse.models_folder)
    if context.champion is not None and context.is_trained and not again:
        checkpoints.remove()
        version = _on_runtime(warehouse, context.champion, context.runtime)
        return TrainingReport(version, **context.labelled.counts, trained=False)
    started = perf_counter()
    plan = plan_training(context, full=again)
    texts = read_texts(warehouse) if plan.is_full else []
    student = _fit(context, plan, texts, hold_out, progress or SilentProgress(), checkpoints)
    report = _publish(warehouse, context, plan, student, started)
    checkpoints.remove()
    return replace(report, resumed=checkpoints.resumed)


def _on_runtime(warehouse: Warehouse, champion: ModelRecord, runtime: Runtime) -> str:
    """Return the champion's version, or that of its copy on another runtime."""
    if runtime == runtime_of(champion):
        return champion.model_version
    return convert_record(warehouse, champion, runtime, promote=True).model_version


def _fit(
    context: TrainingContext,
    plan: TrainingPlan,
    texts: list[str],
    hold_out: bool,
    progress: Progress,
    checkpoints: Checkpoints,
) -> Student:
    """Train what the plan says, and put the student on its runtime."""
    examples, domains = context.labelled.events, context.labelled.domains
    if context.champion is None or plan.is_full:
        student = train(
            examples,
            texts,
            domains,
            context.config,
            context.recipe.placeholders,
            progress,
            target=context.target,
            hold_out=hold_out,
            checkpoints=checkpoints,
        )
    else:
        parent = models.load(context.champion.folder).student
        student = retrain(
            parent, examples, domains, plan.retrained, progress, target=context.target
        )
    return student.on(context.runtime, examples.canonical)


def _publish(
    warehouse: Warehouse,
    context: TrainingContext,
    plan: TrainingPlan,
    student: Student,
    started: float,
) -> TrainingReport:
    """Save the model with its metrics, carry scores over, and make it the champion."""
    metrics = training_metrics(context, plan, student)
    heads = read_heads(warehouse)
    version = _save(warehouse.models_folder, context, plan, student, metrics, heads)
    metrics["training"]["seconds"] = seconds = perf_counter() - started
    # Before the model is published, so that nobody scores again what is about to be copied.
    carried = carry_scores(warehouse, plan, version) if context.keeps_runtime else 0
    models.publish(warehouse, version, metrics, reason=_reason(plan))
    return TrainingReport(
        version,
        **context.labelled.counts,
        trained=True,
        plan=plan,
        carried=carried,
        seconds=seconds,
        failed_fits=tuple(metrics["failed_fits"]),
    )


def _save(
    folder: Path,
    context: TrainingContext,
    plan: TrainingPlan,
    student: Student,
    metrics: dict[str, Any],
    heads: ValueHeads,
) -> str:
    return models.save(
        folder,
        recipe=context.recipe,
        templates=context.templates,
        domains=context.labelled.specs,
        domain_of_template=context.domain_of_template,
        student=student,
        examples=context.labelled.examples,
        metrics=metrics,
        parent=plan.parent,
        heads=heads,
    )


def _reason(plan: TrainingPlan) -> str:
    changed = f"trained what had changed since {plan.parent}"
    return f"trained: {plan.why}" if plan.is_full else changed
