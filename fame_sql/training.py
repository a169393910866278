"""The training stage: from labelled events and certified domains to a published model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fame_sql import registry, sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError, MissingStageError
from fame_sql.explanation import LONGEST, Example, Examples, label_of
from fame_sql.policy import read_target
from fame_sql.retraining import Plan, carry_scores, domain_inputs, plan_training
from fame_sql.students import DomainSpec, LabelledEvents, StudentConfig, train
from fame_sql.students.retraining import retrain
from fame_sql.templates import TemplateSet, read_templates
from fame_sql.warehouse import Warehouse

if TYPE_CHECKING:
    from fame_sql.students import Student
    from fame_sql.students.calibration import Calibration
    from fame_sql.students.config import Kind
    from fame_sql.students.held_out import HeldOut


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
) -> TrainingReport:
    """Train the router and the experts, save the model and publish it as champion.

    Where a champion learned from other labels or domains, only what has changed is trained:
    :func:`fame_sql.retraining.plan_training` says when. Scores of what stayed are taken over.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates are labelled and partitioned.
    config : StudentConfig, optional
        Sizes and seeds.
    again : bool
        Train everything, even if the champion learned from the same inputs.
    hold_out : bool
        Keep the student's errors on events that it did not learn from in the model, at the cost
        of a second training where the calibration slice is small.
    progress : Progress, optional
        Where to tell how far it is.

    Raises
    ------
    MissingStageError
        If there are no labels or no domains.
    InputError
        If every labelled event is anomalous.
    """
    config = config or StudentConfig()
    if not warehouse.value("SELECT count(*) FROM fame.labels"):
        raise MissingStageError("no labels", "fame label")
    specs = _domains(warehouse)
    rows = warehouse.records(sql.load("students/labelled_events"))
    if not rows:
        raise MissingStageError("no labelled event has a failure domain", "fame domains")
    if all(row["anomalous"] == 1 for row in rows):
        raise InputError(
            f"all {len(rows)} labelled events are anomalous, so everything would be: judge some "
            "normal lines as well, with 'fame label export FILE'"
        )
    facts: dict[str, Any] = {"labelled_events": len(rows), "domains": len(specs)}
    facts["anomalous_events"] = sum(row["anomalous"] > 0 for row in rows)
    facts["experts"] = sum(spec["kind"] == "mixed" for spec in specs)
    inputs = inputs_hash(warehouse, config)
    if not again and (version := _trained_already(warehouse, inputs)):
        return TrainingReport(version, **facts, trained=False)
    plan = plan_training(warehouse, config, [spec["name"] for spec in specs], full=again)
    begun = perf_counter()
    student = _fit(warehouse, rows, specs, config, hold_out, plan, progress or SilentProgress())
    examples = Examples([Example(r["canonical"][:LONGEST], label_of(r["anomalous"])) for r in rows])
    version = _save(warehouse, student, specs, examples, plan)
    seconds = perf_counter() - begun
    metrics = {"inputs": inputs, "config": asdict(config), **facts, "split": _split(warehouse)}
    target = read_target(warehouse)
    metrics |= calibration_facts(student.held_out, student.calibration, target)
    metrics |= {"domain_inputs": domain_inputs(warehouse), "moved_templates": plan.moved}
    metrics["training"] = {**asdict(plan), "seconds": seconds}
    # Before the model is in force, so that nobody judges again what is about to be taken over.
    carried = carry_scores(warehouse, plan, version)
    registry.publish(warehouse, version, metrics, reason=_reason(plan))
    return TrainingReport(
        version, **facts, trained=True, plan=plan, carried=carried, seconds=seconds
    )


def _reason(plan: Plan) -> str:
    return "trained" if plan.is_full else f"trained what had changed since {plan.parent}"


def inputs_hash(warehouse: Warehouse, config: StudentConfig) -> str:
    """Return a hash of all that a training reads: labels, domains, masks, split, settings."""
    stored = warehouse.value(sql.load("students/inputs"))
    settings = json.dumps(asdict(config), sort_keys=True)
    target = read_target(warehouse)
    aim = "" if target is None else repr(target)
    return hashlib.md5(f"{stored}{settings}{aim}".encode()).hexdigest()


def calibration_facts(
    held_out: HeldOut, calibration: Calibration, target: float | None
) -> dict[str, Any]:
    """Return what a model's metrics say of its calibration."""
    errors = held_out.calibration_errors(calibration)
    return {
        "max_false_alarms": target,
        "calibration_error": errors,
        "held_out_events": {
            "known": len(held_out.known.lines),
            "unseen": len(held_out.unseen.lines),
        },
    }


def _trained_already(warehouse: Warehouse, inputs: str) -> str | None:
    try:
        champion = registry.champion(warehouse)
    except MissingStageError:
        return None
    return champion.model_version if champion.metrics.get("inputs") == inputs else None


def _domains(warehouse: Warehouse) -> list[dict[str, Any]]:
    rows = warehouse.records(sql.load("students/domains"))
    if not rows:
        raise MissingStageError("no failure domains", "fame domains")
    return rows


def _fit(
    warehouse: Warehouse,
    rows: list[dict[str, Any]],
    specs: list[dict[str, Any]],
    config: StudentConfig,
    hold_out: bool,
    plan: Plan,
    progress: Progress,
) -> Student:
    examples = LabelledEvents(
        canonical=[row["canonical"] for row in rows],
        is_anomaly=np.array([row["anomalous"] for row in rows], dtype=np.float64),
        domain=np.array([row["domain"] for row in rows], dtype=np.int64),
        weight=np.array([row["lines"] for row in rows], dtype=np.float64),
        calibration=np.array([row["is_calibration"] for row in rows], dtype=np.bool_),
        template=np.unique([row["template_id"] for row in rows], return_inverse=True)[1],
    )
    domains = [DomainSpec(spec["name"], cast("Kind", spec["kind"])) for spec in specs]
    target = read_target(warehouse)
    if plan.parent is not None:
        parent = registry.load(registry.find(warehouse, plan.parent).folder).student
        return retrain(parent, examples, domains, plan.retrained, progress, target)
    texts = [row[0] for row in warehouse.rows(sql.load("students/training_texts"))]
    placeholders = warehouse.recipe().placeholders
    return train(examples, texts, domains, config, placeholders, progress, target, hold_out)


def _save(
    warehouse: Warehouse,
    student: Student,
    specs: list[dict[str, Any]],
    examples: Examples,
    plan: Plan,
) -> str:
    rows = warehouse.rows(
        "SELECT members.template_id, domains.ordinal FROM fame.domain_templates AS members "
        "INNER JOIN fame.domains AS domains ON members.domain = domains.domain"
    )
    domain_of_template = dict(rows)
    known = [
        template
        for template in read_templates(warehouse).templates
        if template.template_id in domain_of_template
    ]
    return registry.save(
        warehouse.models_folder,
        recipe=warehouse.recipe(),
        templates=TemplateSet(tuple(known)),
        domains=specs,
        domain_of_template=domain_of_template,
        student=student,
        examples=examples,
        card=_card(warehouse, specs, len(known), plan),
        parent=plan.parent,
    )


def _split(warehouse: Warehouse) -> dict[str, Any]:
    row = warehouse.records("SELECT fraction, until_time, until_log_id, lines FROM fame.splits")[0]
    return {**row, "until_time": str(row["until_time"])}


def _card(warehouse: Warehouse, specs: list[dict[str, Any]], templates: int, plan: Plan) -> str:
    """Describe the model for people; written from the run, in Markdown."""
    split = _split(warehouse)
    labels, anomalous = warehouse.rows(
        "SELECT count(*), count(*) FILTER (WHERE is_anomaly) FROM fame.labels"
    )[0]
    lines = [
        "# Model {version}",
        "",
        "Judges log messages by failure domain; made by fame-sql, to be loaded by fame-sql.",
        "",
        f"- Trained on the first {split['lines']} lines in time, up to {split['until_time']} UTC.",
        f"- {labels} labelled lines, {anomalous} of them anomalous; {templates} known templates.",
        "- Scores above 0.5 are anomalous in every domain.",
        *_lineage(plan),
        "",
        "| domain | kind |",
        "|---|---|",
        *(f"| {spec['name']} | {spec['kind']} |" for spec in specs),
    ]
    return "\n".join(lines) + "\n"


def _lineage(plan: Plan) -> list[str]:
    """Say which model this one was made from, if so."""
    if plan.is_full:
        return []
    trained = ", ".join(plan.retrained) or "none"
    return [
        f"- Made from model {plan.parent}, whose encoder it has. Domains trained anew: {trained}. "
        f"Kept with their scores: {', '.join(plan.kept)}."
    ]
