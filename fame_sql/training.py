"""The training stage: from labelled events and certified domains to a published model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fame_sql import registry, sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError, MissingStageError
from fame_sql.students import DomainSpec, LabelledEvents, StudentConfig, train
from fame_sql.templates import TemplateSet, read_templates
from fame_sql.warehouse import Warehouse

if TYPE_CHECKING:
    from fame_sql.students import Student
    from fame_sql.students.config import Kind


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
    """

    model_version: str
    labelled_events: int
    domains: int
    experts: int
    anomalous_events: int
    trained: bool


def train_students(
    warehouse: Warehouse,
    *,
    config: StudentConfig | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> TrainingReport:
    """Train the router and the experts, save the model and publish it as champion.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates are labelled and partitioned.
    config : StudentConfig, optional
        Sizes and seeds.
    again : bool
        Train even if the champion learned from the same inputs.
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
    facts = {"labelled_events": len(rows), "domains": len(specs)}
    facts["anomalous_events"] = sum(row["anomalous"] > 0 for row in rows)
    facts["experts"] = sum(spec["kind"] == "mixed" for spec in specs)
    inputs = inputs_hash(warehouse, config)
    if not again and (version := _trained_already(warehouse, inputs)):
        return TrainingReport(version, **facts, trained=False)
    student = _fit(warehouse, rows, specs, config, progress or SilentProgress())
    version = _save(warehouse, student, specs)
    metrics = {"inputs": inputs, "config": asdict(config), **facts, "split": _split(warehouse)}
    registry.publish(warehouse, version, metrics)
    return TrainingReport(version, **facts, trained=True)


def inputs_hash(warehouse: Warehouse, config: StudentConfig) -> str:
    """Return a hash of all that a training reads: labels, domains, masks, split, settings."""
    stored = warehouse.value(sql.load("students/inputs"))
    settings = json.dumps(asdict(config), sort_keys=True)
    return hashlib.md5(f"{stored}{settings}".encode()).hexdigest()


def _trained_already(warehouse: Warehouse, inputs: str) -> str | None:
    try:
        champion = registry.champion(warehouse)
    except MissingStageError:
        return None
    return champion.model_version if champion.metrics.get("inputs") == inputs else None


def _domains(warehouse: Warehouse) -> list[dict[str, str]]:
    rows = warehouse.records(
        "SELECT domain AS name, kind, description FROM fame.domains ORDER BY ordinal"
    )
    if not rows:
        raise MissingStageError("no failure domains", "fame domains")
    return rows


def _fit(
    warehouse: Warehouse,
    rows: list[dict[str, Any]],
    specs: list[dict[str, str]],
    config: StudentConfig,
    progress: Progress,
) -> Student:
    examples = LabelledEvents(
        canonical=[row["canonical"] for row in rows],
        is_anomaly=np.array([row["anomalous"] for row in rows], dtype=np.float64),
        domain=np.array([row["domain"] for row in rows], dtype=np.int64),
        weight=np.array([row["lines"] for row in rows], dtype=np.float64),
        calibration=np.array([row["is_calibration"] for row in rows], dtype=np.bool_),
    )
    texts = [row[0] for row in warehouse.rows(sql.load("students/training_texts"))]
    domains = [DomainSpec(spec["name"], cast("Kind", spec["kind"])) for spec in specs]
    placeholders = warehouse.recipe().placeholders
    return train(examples, texts, domains, config, placeholders, progress)


def _save(warehouse: Warehouse, student: Student, specs: list[dict[str, str]]) -> str:
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
        card=_card(warehouse, specs, len(known)),
    )


def _split(warehouse: Warehouse) -> dict[str, Any]:
    row = warehouse.records("SELECT fraction, until_time, until_log_id, lines FROM fame.splits")[0]
    return {**row, "until_time": str(row["until_time"])}


def _card(warehouse: Warehouse, specs: list[dict[str, str]], templates: int) -> str:
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
        "",
        "| domain | kind |",
        "|---|---|",
        *(f"| {spec['name']} | {spec['kind']} |" for spec in specs),
    ]
    return "\n".join(lines) + "\n"
