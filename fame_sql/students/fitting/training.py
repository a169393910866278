"""Training a student with an encoder from labelled events.

Every event trains up to three heads at once: the router on its domain, the shared head on whether
it is an anomaly, and, in a mixed domain, the domain's expert on the same. A first network does not
see the last slice of the training period, and is calibrated on those events of the slice whose
templates it has met; a second network then learns from everything and keeps that calibration.
With patience, the first also finds the number of steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fame_sql.console import Progress
from fame_sql.students.calibration.calibration import Calibration, fit_calibration, has_enough
from fame_sql.students.calibration.held_out import HeldOut, HeldOutEvents, hold_out_templates
from fame_sql.students.calibration.thresholds import with_thresholds
from fame_sql.students.config import DomainSpec, StudentConfig, anomaly_columns
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.fitting.checkpoints import Checkpoints
from fame_sql.students.fitting.fitting import Fitting, reproducible
from fame_sql.students.lexical import fit_lexical, lexical_log_odds
from fame_sql.students.network.inference import infer
from fame_sql.students.network.pretrained import read_tokenizer
from fame_sql.students.network.runtimes import TorchEngine, require_torch
from fame_sql.students.network.student import EncoderStudent
from fame_sql.students.network.tokenizer import encode, train_tokenizer

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
) -> EncoderStudent:
    """Train a student; on one machine, the same input gives the same student, bit for bit.

    Parameters
    ----------
    examples : LabelledEvents
        The labelled events.
    texts : sequence of str
        All canonical texts of the training period; the tokenizer learns from them.
    domains : sequence of DomainSpec
        The failure domains that ``examples.domain`` points into.
    config : StudentConfig
        Sizes, bounds and seed.
    placeholders : sequence of str
        The recipe's placeholders, each of which is one token.
    progress : Progress
        Shows every training step.
    target : float, optional
        Maximum false alarms per million lines, from which thresholds are then computed.
    hold_out : bool
        Evaluate the calibration slice by a network that has not seen it even if it is too small
        to calibrate on, so that the student's errors on known templates are known.
    checkpoints : Checkpoints, optional
        Where checkpoints are kept; a training that was killed and is resumed gives the same
        student.

    Returns
    -------
    EncoderStudent
        Ready to score.

    Raises
    ------
    ModelError
        If torch is not installed.
    """
    require_torch("training", config)
    tokenizer = _tokenizer(config, [*texts, *examples.canonical], placeholders)
    shared = _Shared(tokenizer, domains, config, progress, checkpoints or Checkpoints.none())
    with reproducible(config):
        first = _first_network(shared, examples, hold_out)
        fitting = shared.fit("training", examples, steps=first.steps)
    lexical = fit_lexical(examples.canonical, examples.is_anomaly)
    held_out = HeldOut(
        first.known, hold_out_templates(examples, lexical_log_odds, seed=config.seed)
    )
    calibration = with_thresholds(first.calibration, held_out, target)
    engine = TorchEngine(fitting.network)
    return EncoderStudent(config, domains, tokenizer, engine, calibration, lexical, held_out)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What both networks of a training have in common."""

    tokenizer: Tokenizer
    domains: Sequence[DomainSpec]
    config: StudentConfig
    progress: Progress
    checkpoints: Checkpoints

    def fit(
        self,
        name: str,
        examples: LabelledEvents,
        steps: int | None = None,
        held_out: LabelledEvents | None = None,
    ) -> Fitting:
        """Train one network."""
        fitting = Fitting(
            examples, self.tokenizer, self.domains, self.config, steps=steps, held_out=held_out
        )
        fitting.run(name, self.progress, self.checkpoints)
        return fitting


@dataclass(frozen=True, slots=True)
class _FirstNetwork:
    """What the first network gives: calibration, held-out events and, with patience, the steps."""

    calibration: Calibration
    known: HeldOutEvents
    steps: int | None = None


def _first_network(shared: _Shared, examples: LabelledEvents, hold_out: bool) -> _FirstNetwork:
    """Calibrate on the calibration slice by a network that has not seen it, if that is useful."""
    config, domains = shared.config, shared.domains
    early, later = examples.where(~examples.calibration), examples.where(examples.calibrates)
    is_enough = has_enough(later.is_anomaly, config.calibration_events)
    if not (has_enough(early.is_anomaly, 1) and len(later) and (is_enough or hold_out)):
        return _FirstNetwork(Calibration.none(len(domains)), HeldOutEvents.none())
    fitting = shared.fit("calibrating", early, held_out=later if is_enough else None)
    logits = _logits(fitting.network, encode(shared.tokenizer, later.canonical))
    calibration = _calibrate(logits, later, domains, config)
    known = _held_out_events(logits, calibration, early, later, domains)
    return _FirstNetwork(calibration, known, fitting.done if fitting.stopping else None)


def _logits(network: nn.ModuleDict, tokens: Sequence[Sequence[int]]) -> Floats:
    """Return the logits of the anomaly heads, computed on the CPU like the training."""
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


def _held_out_events(
    logits: Floats,
    calibration: Calibration,
    early: LabelledEvents,
    later: LabelledEvents,
    domains: Sequence[DomainSpec],
) -> HeldOutEvents:
    """Score events as those of known templates are, by what was learned before them."""
    experts = calibration.log_odds(logits[:, anomaly_columns(domains)])
    words = lexical_log_odds(early, later.canonical)
    log_odds = (experts[np.arange(len(later)), later.domain] + words) / 2
    return HeldOutEvents.of(log_odds, later)
