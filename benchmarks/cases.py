"""Splits of a labelled log, each with the data that a training may use."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from fame_sql import sql
from fame_sql.domains.domains import group_templates
from fame_sql.evaluation.study.splits import LabelledLines, Split, by_templates, by_time, read_lines
from fame_sql.evaluation.study.students import groupers
from fame_sql.evaluation.study.trials import Trial, trial
from fame_sql.ingest import ingest_file
from fame_sql.students import DomainSpec, LabelledEvents, StudentConfig
from fame_sql.students.network.pretrained import read_tokenizer
from fame_sql.students.network.tokenizer import train_tokenizer
from fame_sql.warehouse.warehouse import Warehouse

Figures = dict[str, float]


@dataclass(frozen=True)
class Case:
    """The training data of one split, and the texts to score."""

    made: Trial
    examples: LabelledEvents
    domains: list[DomainSpec]
    texts: list[str]
    placeholders: list[str]
    domain_of_template: dict[str, int]

    def tokenizer(self, config: StudentConfig) -> Tokenizer:
        """Return the tokenizer that a training would learn, or that of its pretrained encoder."""
        if not config.is_compact:
            return read_tokenizer(config, self.placeholders)
        vocabulary = [*self.texts, *self.examples.canonical]
        return train_tokenizer(vocabulary, self.placeholders, config.vocab, config.max_tokens)


def cases(log: Path, log_format: str, seed: int) -> Iterator[tuple[Split, Case]]:
    """Yield each split with its known lines, mined, labelled and grouped into domains."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "whole.duckdb"
        with Warehouse.open(source, create=True) as warehouse:
            ingest_file(warehouse, log, format=log_format)
            lines = read_lines(warehouse)
        for number, split in enumerate(splits_of(lines, seed)):
            place = Path(name) / str(number)
            place.mkdir()
            with trial(source, place, lines, split, 20) as made:
                group_templates(made.warehouse, groupers(0)["fame"])
                yield split, case_of(made)


def splits_of(lines: LabelledLines, seed: int) -> Iterator[Split]:
    """Yield cuts in time, and folds of templates, assigned with the seed."""
    yield from by_time(lines, (0.5, 0.6, 0.7, 0.8))
    yield from by_templates(lines, 4, seed)


def case_of(made: Trial) -> Case:
    """Read the training data of a trial."""
    warehouse = made.warehouse
    specs = warehouse.records(sql.load("training/domains"))
    rows = warehouse.records(sql.load("training/labelled_events"))
    examples = LabelledEvents(
        [row["canonical"] for row in rows],
        np.array([row["anomalous"] for row in rows]),
        np.array([row["domain"] for row in rows]),
        np.array([row["lines"] for row in rows], dtype=np.float64),
        np.array([row["is_calibration"] for row in rows]),
        np.unique([row["template_id"] for row in rows], return_inverse=True)[1],
    )
    domains = [DomainSpec(spec["name"], spec["kind"]) for spec in specs]
    texts = [row[0] for row in warehouse.rows(sql.load("training/training_texts"))]
    places = dict(warehouse.rows(sql.load("training/domain_of_template")))
    return Case(made, examples, domains, texts, list(warehouse.recipe().placeholders), places)


def print_figures(name: str, figures: Figures) -> None:
    """Print one row."""
    print(
        name + ": " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()), flush=True
    )
