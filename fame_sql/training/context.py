"""What a training reads from the warehouse: once, at the start, and frozen from then on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from fame_sql import models, sql
from fame_sql.canonical.canonical import Recipe
from fame_sql.errors import InputError, MissingStageError
from fame_sql.models import ModelRecord
from fame_sql.scoring.policy import read_target
from fame_sql.students import StudentConfig
from fame_sql.students.runtime import Runtime
from fame_sql.templates.templates import TemplateSet, read_templates
from fame_sql.training.conversion import runtime_of
from fame_sql.training.labelled import LabelledData, read_labelled
from fame_sql.warehouse.values import wants_value_heads
from fame_sql.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class TrainingContext:
    """Everything that decides what is trained and how.

    Parameters
    ----------
    champion : ModelRecord or None
        The model in force; None before the first training.
    config : StudentConfig
        Sizes and seeds of the students.
    runtime : Runtime
        What the new model runs on.
    target : float or None
        Maximum false alarms per million lines; None without a target.
    recipe : Recipe
        The masks of the warehouse.
    labelled : LabelledData
        The labelled events and the failure domains.
    templates : TemplateSet
        The templates that belong to a domain, in match order.
    domain_of_template : dict of str to int
        The grouping: the domain of each template, as an index into the domains.
    domain_inputs : dict of str to str
        For each domain, a hash of its kind and labels.
    label_counts : list of dict
        Labels by source and author.
    split : dict
        The training period.
    inputs : str
        A hash of all of this, by which an unchanged training is recognised.
    """

    champion: ModelRecord | None
    config: StudentConfig
    runtime: Runtime
    target: float | None
    recipe: Recipe
    labelled: LabelledData
    templates: TemplateSet
    domain_of_template: dict[str, int]
    domain_inputs: dict[str, str]
    label_counts: list[dict[str, Any]]
    split: dict[str, Any]
    inputs: str

    @property
    def is_trained(self) -> bool:
        """Whether the champion learned from exactly these inputs."""
        return self.champion is not None and self.champion.metrics.get("inputs") == self.inputs

    @property
    def keeps_runtime(self) -> bool:
        """Whether the new model runs on what the champion runs on."""
        return self.champion is not None and runtime_of(self.champion) == self.runtime


def read_context(
    warehouse: Warehouse, config: StudentConfig | None = None, runtime: Runtime | None = None
) -> TrainingContext:
    """Read what a training needs, except the texts that only a full training needs.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates are labelled and grouped into domains.
    config : StudentConfig, optional
        Sizes and seeds; by default those of the champion.
    runtime : Runtime, optional
        What the model is to run on; by default what the champion runs on, or torch.

    Raises
    ------
    MissingStageError
        If there are no labels or no domains.
    InputError
        If every labelled event is anomalous.
    """
    champion = read_champion(warehouse)
    config = config or config_of(champion)
    labelled = read_labelled(warehouse)
    target = read_target(warehouse)
    domain_of_template = dict(warehouse.rows(sql.load("training/domain_of_template")))
    known = read_templates(warehouse).templates
    return TrainingContext(
        champion=champion,
        config=config,
        runtime=runtime or _runtime(champion, config),
        target=target,
        recipe=warehouse.recipe(),
        labelled=labelled,
        templates=TemplateSet(tuple(t for t in known if t.template_id in domain_of_template)),
        domain_of_template=domain_of_template,
        domain_inputs=dict(warehouse.rows(sql.load("training/domain_inputs"))),
        label_counts=warehouse.records(sql.load("training/label_counts")),
        split=warehouse.records(sql.load("training/split"))[0],
        inputs=hash_inputs(read_inputs(warehouse), config, target),
    )


def _runtime(champion: ModelRecord | None, config: StudentConfig) -> Runtime:
    """Return the champion's runtime for an encoder, or else the default."""
    if champion is None or not config.has_encoder:
        return Runtime()
    return runtime_of(champion)


def read_texts(warehouse: Warehouse) -> list[str]:
    """Return the distinct canonical texts of the training period.

    They are not part of the context because they can be large, and only a full training uses
    them: the tokenizer is learned from them.
    """
    return [row[0] for row in warehouse.rows(sql.load("training/training_texts"))]


def read_champion(warehouse: Warehouse) -> ModelRecord | None:
    """Return the model in force; None if no model is published."""
    try:
        return models.champion(warehouse)
    except MissingStageError:
        return None


def config_of(champion: ModelRecord | None) -> StudentConfig:
    """Return the settings of a champion's students, or the defaults if it has none."""
    try:
        return StudentConfig() if champion is None else StudentConfig(**champion.metrics["config"])
    except (KeyError, TypeError, InputError):
        return StudentConfig()


def config_in_force(warehouse: Warehouse) -> StudentConfig:
    """Return the settings of the champion's students, or the defaults if there is none."""
    return config_of(read_champion(warehouse))


def inputs_hash(warehouse: Warehouse, config: StudentConfig) -> str:
    """Return a hash of everything a training reads: labels, domains, masks, split, settings."""
    return hash_inputs(read_inputs(warehouse), config, read_target(warehouse))


def read_inputs(warehouse: Warehouse) -> str:
    """Return a hash of the labels, domains, masks and split of a warehouse."""
    stored = str(warehouse.value(sql.load("training/inputs")))
    if not wants_value_heads(warehouse.connection):
        return stored
    # Value heads learn from the lines themselves.
    lines = "SELECT bit_xor(hash(log_id, is_anomaly, source)) FROM fame.labels"
    return f"{stored} with values of {warehouse.value(lines)}"


def hash_inputs(stored: str, config: StudentConfig, target: float | None) -> str:
    """Return a hash of the stored inputs together with the settings and the target."""
    settings = json.dumps(config.settings(), sort_keys=True)
    wanted = "" if target is None else repr(float(target))
    return hashlib.md5(f"{stored}{settings}{wanted}".encode()).hexdigest()
