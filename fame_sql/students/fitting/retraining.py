"""Training the heads of some domains anew on an encoder that stays as it is.

What a known template's score is made of stays as it was for every domain that did not change: the
encoder, its layer of logits, its lexical head, its threshold, the temperature and the line. The
router and the newest lexical head, which judge what no template knows, learn from everything.

Heads on frozen vectors are logistic regressions: convex, so found exactly and in a moment.
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
from fame_sql.students.calibration.calibration import Calibration, enough, fit_calibration
from fame_sql.students.calibration.held_out import HeldOut, hold_out_templates
from fame_sql.students.calibration.targets import with_lines
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
"""Of a layer: the coefficients, [logits, width], and the intercepts, [logits]."""

# What a head says where there is nothing to tell classes apart by, and of what it never met.
CERTAIN, NEVER = 5.0, -30.0


def retrain(
    parent: Student,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    changed: Collection[str],
    progress: Progress,
    target: float | None = None,
) -> Student:
    """Return a student whose changed domains are trained anew and whose others are the parent's.

    The same input gives the same student, bit for bit, on one machine.

    Parameters
    ----------
    parent : Student
        Whose encoder, and whose judgement of unchanged domains, stay.
    examples : LabelledEvents
        Everything that is known now.
    domains : sequence of DomainSpec
        The failure domains that ``examples.domain`` points into.
    changed : collection of str
        Names of those to be trained; the others must be the parent's, of the same kind.
    progress : Progress
        Told of each part.
    target : float, optional
        False alarms a million lines, at most; moves the line of the unseen. That of known
        templates stays the parent's.

    Raises
    ------
    InputError
        If a domain is neither changed nor one of the parent's, or the parent's experts have
        encoders of their own.
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
    stays = replace(parent.calibration, thresholds=thresholds)
    lines = with_lines(stays, held_out, target)
    calibration = replace(lines, known_line=parent.calibration.known_line)
    older = (parent.lexical, *parent.earlier)
    earlier = [older[number] for number in _kept(parent, domains, changed)]
    engine = TorchEngine(network)
    parts = (parent.tokenizer, engine, calibration, lexical, held_out, generations, earlier)
    return Student(parent.config, domains, *parts)


def _check(parent: Student, domains: Sequence[DomainSpec], changed: Collection[str]) -> None:
    if parent.config.separate:
        raise InputError(
            "every expert of the model has an encoder of its own, so none can be trained on the "
            "router's: train anew with 'fame train --full'"
        )
    for domain in domains:
        if domain.name not in changed and domain not in parent.domains:
            raise InputError(
                f"domain {domain.name!r} ({domain.kind}) is not one of the model that is to keep "
                "it: train anew with 'fame train --full'"
            )


def _network(
    parent: Student,
    vectors: Floats,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    changed: Collection[str],
) -> tuple[nn.ModuleDict, Generations]:
    """Put new heads, and those of the parent that are still needed, on the parent's encoder."""
    from torch import nn

    mine = [index for index, domain in enumerate(domains) if domain.name in changed]
    kept = _kept(parent, domains, changed)
    old = copy.deepcopy(parent.network).cpu()
    layers = [encoder.heads(old, "anomaly")[number] for number in kept]
    newest = _layer(_judges(vectors, examples, domains, mine))
    network = nn.ModuleDict(
        {
            "encoder": old["encoder"],
            "router": _layer(_router(vectors, examples, len(domains))),
            "anomaly": nn.ModuleList([newest, *layers]),
        }
    )
    widths = tuple(layer.out_features for layer in (newest, *layers))
    return network, Generations(widths, _columns(parent, domains, mine, kept, widths))


def _kept(parent: Student, domains: Sequence[DomainSpec], changed: Collection[str]) -> list[int]:
    """Return the parent's generations that still judge a domain, the newest first."""
    generation = _generations(parent).of_domains()
    names = [domain.name for domain in parent.domains]
    # An anomalous domain is decided by routing: no head is asked.
    judged = [d.name for d in domains if d.name not in changed and d.kind != "anomalous"]
    return sorted({int(generation[names.index(name)]) for name in judged})


def _generations(parent: Student) -> Generations:
    if parent.generations is not None:
        return parent.generations
    columns = anomaly_columns(parent.domains)
    return Generations((encoder.width(parent.network, "anomaly"),), tuple(columns.tolist()))


def _columns(
    parent: Student,
    domains: Sequence[DomainSpec],
    mine: Sequence[int],
    kept: Sequence[int],
    widths: Sequence[int],
) -> tuple[int, ...]:
    """Return the logit of each domain among the new layer's and those that are kept."""
    before = _generations(parent)
    generation = before.of_domains()
    names = [domain.name for domain in parent.domains]
    starts = np.concatenate([[0], np.cumsum(before.widths)])
    new_starts = dict(zip(kept, np.cumsum(widths)[:-1], strict=True))
    columns = np.zeros(len(domains), dtype=np.int64)
    columns[list(mine)] = anomaly_columns([domains[index] for index in mine])
    for index in set(range(len(domains))) - set(mine):
        if domains[index].kind != "anomalous":
            place = names.index(domains[index].name)
            number = int(generation[place])
            columns[index] = before.columns[place] - starts[number] + new_starts[number]
    return tuple(columns.tolist())


def _judges(
    vectors: Floats,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    mine: Sequence[int],
) -> Weights:
    """Fit the shared head to all events, then an expert to each mixed domain of these."""
    everyone = np.ones(len(examples), dtype=bool)
    chosen = [everyone]
    chosen += [examples.domain == index for index in mine if domains[index].kind == "mixed"]
    fitted = [_judge(vectors[here], examples.where(here)) for here in chosen]
    return np.vstack([weights for weights, _ in fitted]), np.array([bias for _, bias in fitted])


def _judge(vectors: Floats, examples: LabelledEvents) -> tuple[Floats, float]:
    """Fit one logit; an event of mixed labels counts in both classes."""
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


def _router(vectors: Floats, examples: LabelledEvents, domains: int) -> Weights:
    """Fit the router; a domain without any example is never guessed."""
    weights, bias = np.zeros((domains, vectors.shape[1])), np.full(domains, NEVER)
    met = np.unique(examples.domain)
    if len(met) == 1:
        bias[met] = 0.0
        return weights, bias
    model = _regression().fit(vectors, examples.domain, sample_weight=examples.importance)
    if len(met) == 2:
        weights[met[1]], bias[met[1]], bias[met[0]] = model.coef_[0], model.intercept_[0], 0.0
    else:
        weights[met], bias[met] = model.coef_, model.intercept_
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


def _thresholds(
    parent: Student,
    vectors: Floats,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    changed: Collection[str],
) -> tuple[float, ...]:
    """Keep the parent's thresholds; fit those of changed domains on the calibration slice."""
    before = dict(zip((d.name for d in parent.domains), parent.calibration.thresholds, strict=True))
    mine = [index for index, domain in enumerate(domains) if domain.name in changed]
    fitted = iter(_fitted_thresholds(parent, vectors, examples, domains, mine))
    return tuple(next(fitted) if d.name in changed else before[d.name] for d in domains)


def _fitted_thresholds(
    parent: Student,
    vectors: Floats,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    mine: Sequence[int],
) -> tuple[float, ...]:
    """Fit thresholds by heads that have not seen the slice, as far as the slice is large enough."""
    config, specs = parent.config, [domains[index] for index in mine]
    late = examples.calibration
    here = examples.calibrates & np.isin(examples.domain, mine)
    early, judged = examples.where(~late), examples.where(here)
    if not enough(early.is_anomaly, 1) or not enough(judged.is_anomaly, config.calibration_events):
        return Calibration.none(len(specs)).thresholds
    weights, bias = _judges(vectors[~late], early, domains, mine)
    place = np.searchsorted(mine, judged.domain)
    found = fit_calibration(
        vectors[here] @ weights.T + bias,
        judged.is_anomaly,
        judged.weight,
        place,
        specs,
        config.calibration_events,
    )
    return found.thresholds
