"""Retraining the heads of some domains on an encoder that stays unchanged.

For every unchanged domain, everything that the score of a known template depends on is kept: the
encoder, the layer of logits, the lexical head, the thresholds and the temperature. The router and
the newest lexical head, which score messages of unseen templates, learn from everything.

Heads on frozen vectors are logistic regressions: they are convex, so the optimum is found exactly
and quickly.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fame_sql.console import Progress
from fame_sql.errors import InputError
from fame_sql.students.calibration.held_out import HeldOut, hold_out_templates
from fame_sql.students.calibration.succession import Logits, Mask, succeeding_calibration
from fame_sql.students.config import DomainSpec
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.fitting.regression import Weights, fit_head, fit_router
from fame_sql.students.generations import Generations, Succession
from fame_sql.students.lexical import fit_lexical, lexical_log_odds
from fame_sql.students.network import encoder
from fame_sql.students.network.runtimes import TorchEngine
from fame_sql.students.network.student import EncoderStudent

if TYPE_CHECKING:
    from torch import nn

Floats = npt.NDArray[np.float64]


def retrain(
    parent: EncoderStudent,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    changed: Collection[str],
    progress: Progress,
    target: float | None = None,
) -> EncoderStudent:
    """Return a student whose changed domains are retrained and whose others are the parent's.

    On one machine, the same input gives the same student, bit for bit.

    Parameters
    ----------
    parent : EncoderStudent
        Its encoder and everything that scores unchanged domains are kept.
    examples : LabelledEvents
        All labelled events.
    domains : sequence of DomainSpec
        The failure domains that ``examples.domain`` points into.
    changed : collection of str
        Names of the domains to retrain; the others must be the parent's, of the same kind.
    progress : Progress
        Shows each part.
    target : float, optional
        Maximum false alarms per million lines; moves the threshold for unseen templates. The
        one for known templates remains the parent's.

    Raises
    ------
    InputError
        If a domain is neither changed nor one of the parent's, or the parent has separate
        encoders for its experts.
    """
    _check(parent)
    succession = Succession(parent.domains, _generations(parent), domains, changed)
    with progress.step("training what has changed", 3) as step:
        vectors = parent.vectors(examples.canonical)
        network, generations = _network(parent, vectors, examples, succession)
        step.advance()
        lexical = fit_lexical(examples.canonical, examples.is_anomaly)
        unseen = hold_out_templates(examples, lexical_log_odds, seed=parent.config.seed)
        held_out = HeldOut(parent.held_out.known, unseen)
        step.advance()
        calibration = succeeding_calibration(
            parent, succession, examples, held_out, _logits(vectors, examples, succession), target
        )
        step.advance()
    older = (parent.lexical, *parent.earlier)
    return EncoderStudent(
        config=parent.config,
        domains=domains,
        tokenizer=parent.tokenizer,
        engine=TorchEngine(network),
        calibration=calibration,
        lexical=lexical,
        held_out=held_out,
        generations=generations,
        earlier=[older[number] for number in succession.kept],
    )


def _check(parent: EncoderStudent) -> None:
    if parent.config.separate:
        raise InputError(
            "every expert of the model has an encoder of its own, so none can be retrained on the "
            "router's: train everything with 'fame train --full'"
        )


def _network(
    parent: EncoderStudent, vectors: Floats, examples: LabelledEvents, succession: Succession
) -> tuple[nn.ModuleDict, Generations]:
    """Combine the parent's encoder with new heads and those of the parent that are kept."""
    from torch import nn

    old = copy.deepcopy(parent.network).cpu()
    layers = [encoder.heads(old, "anomaly")[number] for number in succession.kept]
    newest = _layer(_fit_heads(vectors, examples, succession))
    router = fit_router(vectors, examples.domain, examples.importance, len(succession.domains))
    network = nn.ModuleDict(
        {
            "encoder": old["encoder"],
            "router": _layer(router),
            "anomaly": nn.ModuleList([newest, *layers]),
        }
    )
    widths = [layer.out_features for layer in layers]
    return network, succession.generations(newest.out_features, widths)


def _generations(parent: EncoderStudent) -> Generations:
    return parent.generations or Generations.first(parent.domains)


def _fit_heads(vectors: Floats, examples: LabelledEvents, succession: Succession) -> Weights:
    """Fit the shared head to all events, and an expert to each changed mixed domain."""
    chosen = [np.ones(len(examples), dtype=bool)]
    changed, specs = succession.changed_at, succession.domains
    chosen += [examples.domain == at for at in changed if specs[at].kind == "mixed"]
    fitted = [
        fit_head(vectors[here], examples.is_anomaly[here], examples.where(here).importance)
        for here in chosen
    ]
    return np.vstack([weights for weights, _ in fitted]), np.array([bias for _, bias in fitted])


def _logits(vectors: Floats, examples: LabelledEvents, succession: Succession) -> Logits:
    def logits(fitted: Mask, scored: Mask) -> Floats:
        weights, bias = _fit_heads(vectors[fitted], examples.where(fitted), succession)
        return np.asarray(vectors[scored] @ weights.T + bias)

    return logits


def _layer(weights: Weights) -> nn.Linear:
    """Return a linear layer with these weights."""
    import torch

    coefficients, bias = (torch.from_numpy(np.ascontiguousarray(part)).float() for part in weights)
    with torch.random.fork_rng(devices=[]):
        layer = torch.nn.Linear(coefficients.shape[1], coefficients.shape[0])
    layer.load_state_dict({"weight": coefficients, "bias": bias})
    return layer
