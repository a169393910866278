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
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fame_sql.console import Progress
from fame_sql.errors import InputError
from fame_sql.students.calibration.calibration import Calibration, fit_calibration, has_enough
from fame_sql.students.calibration.held_out import HeldOut, hold_out_templates
from fame_sql.students.calibration.thresholds import with_thresholds
from fame_sql.students.config import DomainSpec, anomaly_columns
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.fitting.balance import balance
from fame_sql.students.generations import Generations
from fame_sql.students.lexical import fit_lexical
from fame_sql.students.network import encoder
from fame_sql.students.network.runtimes import TorchEngine
from fame_sql.students.student import Student

if TYPE_CHECKING:
    from torch import nn

Floats = npt.NDArray[np.float64]
Weights = tuple[Floats, Floats]
"""The coefficients of a layer, [logits, width], and its intercepts, [logits]."""

# Logits of a head that has seen only one class, and of a domain without any example.
CERTAIN, NEVER = 5.0, -30.0


def retrain(
    parent: Student,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    changed: Collection[str],
    progress: Progress,
    target: float | None = None,
) -> Student:
    """Return a student whose changed domains are retrained and whose others are the parent's.

    On one machine, the same input gives the same student, bit for bit.

    Parameters
    ----------
    parent : Student
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
    _check(parent, domains, changed)
    with progress.step("training what has changed", 3) as step:
        vectors = parent.vectors(examples.canonical)
        network, generations = _network(parent, vectors, examples, domains, changed)
        step.advance()
        lexical = fit_lexical(examples.canonical, examples.is_anomaly)
        held_out = HeldOut(
            parent.held_out.known, hold_out_templates(examples, seed=parent.config.seed)
        )
        step.advance()
        thresholds = _thresholds(parent, vectors, examples, domains, changed)
        step.advance()
    older = (parent.lexical, *parent.earlier)
    return Student(
        config=parent.config,
        domains=domains,
        tokenizer=parent.tokenizer,
        engine=TorchEngine(network),
        calibration=_calibration(parent, thresholds, held_out, target),
        lexical=lexical,
        held_out=held_out,
        generations=generations,
        earlier=[older[number] for number in _kept(parent, domains, changed)],
    )


def _check(parent: Student, domains: Sequence[DomainSpec], changed: Collection[str]) -> None:
    if parent.config.separate:
        raise InputError(
            "every expert of the model has an encoder of its own, so none can be retrained on the "
            "router's: train everything with 'fame train --full'"
        )
    for domain in domains:
        if domain.name not in changed and domain not in parent.domains:
            raise InputError(
                f"domain {domain.name!r} ({domain.kind}) is not a domain of the model that is to "
                "keep it: train everything with 'fame train --full'"
            )


def _network(
    parent: Student,
    vectors: Floats,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    changed: Collection[str],
) -> tuple[nn.ModuleDict, Generations]:
    """Combine the parent's encoder with new heads and those of the parent that are kept."""
    from torch import nn

    changed_at = _indices(domains, changed)
    kept = _kept(parent, domains, changed)
    old = copy.deepcopy(parent.network).cpu()
    layers = [encoder.heads(old, "anomaly")[number] for number in kept]
    newest = _layer(_fit_heads(vectors, examples, domains, changed_at))
    network = nn.ModuleDict(
        {
            "encoder": old["encoder"],
            "router": _layer(_fit_router(vectors, examples, len(domains))),
            "anomaly": nn.ModuleList([newest, *layers]),
        }
    )
    widths = tuple(layer.out_features for layer in (newest, *layers))
    return network, Generations(widths, _columns(parent, domains, changed_at, kept, widths))


def _indices(domains: Sequence[DomainSpec], changed: Collection[str]) -> list[int]:
    """Return the indices of the changed domains."""
    return [index for index, domain in enumerate(domains) if domain.name in changed]


def _kept(parent: Student, domains: Sequence[DomainSpec], changed: Collection[str]) -> list[int]:
    """Return the parent's generations that still score a domain, the newest first."""
    generation = _generations(parent).of_domains()
    names = [domain.name for domain in parent.domains]
    # In an anomalous domain routing decides, and no head is needed.
    names_kept = [d.name for d in domains if d.name not in changed and d.kind != "anomalous"]
    return sorted({int(generation[names.index(name)]) for name in names_kept})


def _generations(parent: Student) -> Generations:
    if parent.generations is not None:
        return parent.generations
    columns = anomaly_columns(parent.domains)
    return Generations((encoder.width(parent.network, "anomaly"),), tuple(columns.tolist()))


def _columns(
    parent: Student,
    domains: Sequence[DomainSpec],
    changed_at: Sequence[int],
    kept: Sequence[int],
    widths: Sequence[int],
) -> tuple[int, ...]:
    """Return the column of each domain among the logits of the new layer and the kept ones."""
    before = _generations(parent)
    generation = before.of_domains()
    names = [domain.name for domain in parent.domains]
    starts = np.concatenate([[0], np.cumsum(before.widths)])
    new_starts = dict(zip(kept, np.cumsum(widths)[:-1], strict=True))
    columns = np.zeros(len(domains), dtype=np.int64)
    columns[list(changed_at)] = anomaly_columns([domains[index] for index in changed_at])
    for index in set(range(len(domains))) - set(changed_at):
        if domains[index].kind != "anomalous":
            place = names.index(domains[index].name)
            number = int(generation[place])
            columns[index] = before.columns[place] - starts[number] + new_starts[number]
    return tuple(columns.tolist())


def _fit_heads(
    vectors: Floats,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    changed_at: Sequence[int],
) -> Weights:
    """Fit the shared head to all events, and an expert to each changed mixed domain."""
    everyone = np.ones(len(examples), dtype=bool)
    chosen = [everyone]
    chosen += [examples.domain == index for index in changed_at if domains[index].kind == "mixed"]
    fitted = [_fit_head(vectors[here], examples.where(here)) for here in chosen]
    return np.vstack([weights for weights, _ in fitted]), np.array([bias for _, bias in fitted])


def _fit_head(vectors: Floats, examples: LabelledEvents) -> tuple[Floats, float]:
    """Fit one logit; an event with conflicting labels counts in both classes."""
    share = examples.is_anomaly
    if not len(share) or not share.max() or share.min() == 1:
        certain = CERTAIN if len(share) and share.max() else -CERTAIN
        return np.zeros(vectors.shape[1]), certain
    anomalous, normal = np.flatnonzero(share > 0), np.flatnonzero(share < 1)
    rows = np.concatenate([anomalous, normal])
    part = np.concatenate([share[anomalous], 1 - share[normal]])
    truth = np.arange(len(rows)) < len(anomalous)
    weight = examples.importance * balance(share, examples.importance)
    model = _regression()
    model.fit(vectors[rows], truth, sample_weight=part * weight[rows])
    return model.coef_[0], float(model.intercept_[0])


def _fit_router(vectors: Floats, examples: LabelledEvents, domains: int) -> Weights:
    """Fit the router; a domain without examples is never predicted."""
    weights, bias = np.zeros((domains, vectors.shape[1])), np.full(domains, NEVER)
    seen = np.unique(examples.domain)
    if len(seen) == 1:
        bias[seen] = 0.0
        return weights, bias
    model = _regression().fit(vectors, examples.domain, sample_weight=examples.importance)
    if len(seen) == 2:
        weights[seen[1]], bias[seen[1]], bias[seen[0]] = model.coef_[0], model.intercept_[0], 0.0
    else:
        weights[seen], bias[seen] = model.coef_, model.intercept_
    return weights, bias


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10.0, max_iter=2000)


def _layer(weights: Weights) -> nn.Linear:
    """Return a linear layer with these weights."""
    import torch

    coefficients, bias = (torch.from_numpy(np.ascontiguousarray(part)).float() for part in weights)
    with torch.random.fork_rng(devices=[]):
        layer = torch.nn.Linear(coefficients.shape[1], coefficients.shape[0])
    layer.load_state_dict({"weight": coefficients, "bias": bias})
    return layer


def _calibration(
    parent: Student, thresholds: tuple[float, ...], held_out: HeldOut, target: float | None
) -> Calibration:
    """Return the parent's calibration with new domain thresholds and a new scale of the unseen."""
    kept = replace(parent.calibration, thresholds=thresholds)
    scaled = with_thresholds(kept, held_out, target)
    return replace(scaled, known_threshold=parent.calibration.known_threshold)


def _thresholds(
    parent: Student,
    vectors: Floats,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    changed: Collection[str],
) -> tuple[float, ...]:
    """Keep the parent's thresholds; fit those of changed domains on the calibration slice."""
    before = dict(zip((d.name for d in parent.domains), parent.calibration.thresholds, strict=True))
    changed_at = _indices(domains, changed)
    fitted = iter(_fitted_thresholds(parent, vectors, examples, domains, changed_at))
    return tuple(next(fitted) if d.name in changed else before[d.name] for d in domains)


def _fitted_thresholds(
    parent: Student,
    vectors: Floats,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    changed_at: Sequence[int],
) -> tuple[float, ...]:
    """Fit thresholds with heads that have not seen the slice, if the slice is large enough."""
    config, specs = parent.config, [domains[index] for index in changed_at]
    late = examples.calibration
    here = examples.calibrates & np.isin(examples.domain, changed_at)
    early, slice_ = examples.where(~late), examples.where(here)
    least = config.calibration_events
    if not has_enough(early.is_anomaly, 1) or not has_enough(slice_.is_anomaly, least):
        return Calibration.none(len(specs)).thresholds
    weights, bias = _fit_heads(vectors[~late], early, domains, changed_at)
    calibration = fit_calibration(
        vectors[here] @ weights.T + bias,
        slice_.is_anomaly,
        slice_.weight,
        np.searchsorted(changed_at, slice_.domain),
        specs,
        least,
    )
    return calibration.thresholds
