"""Training a student from labelled events.

Every event teaches three heads at once: the router its domain, the shared head whether it is an
anomaly, and, in a mixed domain, that domain's expert the same. The calibration is found by a
first network that does not see the last slice of the training period, on the slice's events of
templates that it has met; a second one then learns from everything and keeps that calibration.
With patience, the first also finds how many steps are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fame_sql.console import Progress
from fame_sql.errors import InputError
from fame_sql.students.calibration.calibration import Calibration, enough, fit_calibration
from fame_sql.students.calibration.held_out import Evidence, HeldOut, hold_out_templates
from fame_sql.students.calibration.targets import with_lines
from fame_sql.students.config import DomainSpec, StudentConfig, anomaly_columns
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.fitting.checkpoints import Checkpoints
from fame_sql.students.fitting.fitting import Fitting, reproducible
from fame_sql.students.lexical import fit_lexical
from fame_sql.students.network.inference import infer
from fame_sql.students.network.pretrained import read_tokenizer
from fame_sql.students.network.runtimes import TorchEngine, require_torch
from fame_sql.students.network.tokenizer import encode, train_tokenizer
from fame_sql.students.student import Student

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import nn

Floats = npt.NDArray[np.float64]


def train(
    examples: LabelledEvents,
    texts: Sequence[str],
    domains: Sequence[DomainSpec],
    config: StudentConfig,
    placeholders: Sequence[str],
    progress: Progress,
    target: float | None = None,
    hold_out: bool = True,
    checkpoints: Checkpoints | None = None,
) -> Student:
    """Train a student; the same input gives the same student, bit for bit, on one machine.

    Parameters
    ----------
    examples : LabelledEvents
        What is known.
    texts : sequence of str
        All canonical texts of the training period; the tokenizer learns from them.
    domains : sequence of DomainSpec
        The failure domains that ``examples.domain`` points into.
    config : StudentConfig
        Sizes, bounds and seed.
    placeholders : sequence of str
        The recipe's placeholders: one token each.
    progress : Progress
        Told of every training step.
    target : float, optional
        False alarms a million lines, at most; the lines of the scale then come from it.
    hold_out : bool
        Judge the calibration slice by a network that has not seen it even where it is too small
        to calibrate on, so that the student's errors on known templates can be told.
    checkpoints : Checkpoints, optional
        Where to keep how far it is; a training that was killed gives the same student when it
        is run again.

    Returns
    -------
    Student
        Ready to score.

    Raises
    ------
    InputError
        If there are no examples, or one points to no domain.
    ModelError
        If torch is not installed.
    """
    require_torch("training")
    _check(examples, domains)
    tokenizer = _tokenizer(config, [*texts, *examples.canonical], placeholders)
    course = _Course(tokenizer, domains, config, progress, checkpoints or Checkpoints.none())
    with reproducible(config):
        found = _calibrated(course, examples, hold_out)
        fitting = Fitting(examples, tokenizer, domains, config, found.steps)
        fitting.run("training", progress, course.checkpoints)
    lexical = fit_lexical(examples.canonical, examples.is_anomaly)
    held_out = HeldOut(found.known, hold_out_templates(examples, seed=config.seed))
    calibration = with_lines(found.calibration, held_out, target)
    engine = TorchEngine(fitting.network)
    return Student(config, domains, tokenizer, engine, calibration, lexical, held_out)


@dataclass(frozen=True, slots=True)
class _Course:
    """What both networks of a training have in common."""

    tokenizer: Tokenizer
    domains: Sequence[DomainSpec]
    config: StudentConfig
    progress: Progress
    checkpoints: Checkpoints


@dataclass(frozen=True, slots=True)
class _Found:
    """What the first network says: the scale, its errors, and, with patience, enough steps."""

    calibration: Calibration
    known: Evidence
    steps: int | None = None


def _calibrated(course: _Course, examples: LabelledEvents, hold_out: bool) -> _Found:
    """Judge the calibration slice by a network that has not seen it, where there is a point."""
    config, domains = course.config, course.domains
    early, later = examples.where(~examples.calibration), examples.where(examples.calibrates)
    is_enough = enough(later.is_anomaly, config.calibration_events)
    if not (enough(early.is_anomaly, 1) and len(later) and (is_enough or hold_out)):
        return _Found(Calibration.none(len(domains)), Evidence.none())
    watched = later if is_enough else None
    fitting = Fitting(early, course.tokenizer, domains, config, held_out=watched)
    fitting.run("calibrating", course.progress, course.checkpoints)
    logits = _logits(fitting.network, encode(course.tokenizer, later.canonical))
    calibration = _calibrate(logits, later, domains, config)
    known = _held_out(logits, calibration, early, later, domains)
    return _Found(calibration, known, fitting.done if fitting.stopping else None)


def _logits(network: nn.ModuleDict, tokens: Sequence[Sequence[int]]) -> Floats:
    """Return the anomaly heads' logits, made on the CPU as the network was."""
    import torch

    return infer(network, tokens, torch.device("cpu"))[1]


def _tokenizer(
    config: StudentConfig, texts: Sequence[str], placeholders: Sequence[str]
) -> Tokenizer:
    """Learn the tokenizer from the warehouse's texts, or read that of a pretrained encoder."""
    if config.is_compact:
        return train_tokenizer(texts, placeholders, config.vocab, config.max_tokens)
    return read_tokenizer(config, placeholders)


def _calibrate(
    logits: Floats,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    config: StudentConfig,
) -> Calibration:
    return fit_calibration(
        logits,
        examples.is_anomaly,
        examples.weight,
        examples.domain,
        domains,
        config.calibration_events,
    )


def _held_out(
    logits: Floats,
    calibration: Calibration,
    early: LabelledEvents,
    later: LabelledEvents,
    domains: Sequence[DomainSpec],
) -> Evidence:
    """Judge events as those of known templates are, by what was learned before them."""
    experts = calibration.log_odds(logits[:, anomaly_columns(domains)])
    words = fit_lexical(early.canonical, early.is_anomaly).log_odds(later.canonical)
    judged = (experts[np.arange(len(later)), later.domain] + words) / 2
    return Evidence(judged, later.is_anomaly, later.weight, later.template)


def _check(examples: LabelledEvents, domains: Sequence[DomainSpec]) -> None:
    if not len(examples):
        raise InputError("there are no labelled events to train on: run 'fame label' first")
    if not ((examples.domain >= 0) & (examples.domain < len(domains))).all():
        raise InputError(
            f"labelled events: domain must be an index below {len(domains)}, the number of domains"
        )
