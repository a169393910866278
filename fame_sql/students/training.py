"""Training a student from labelled events.

Every event teaches three heads at once: the router its domain, the shared head whether it is an
anomaly, and, in a mixed domain, that domain's expert the same. The calibration is found by a
first network that does not see the last slice of the training period; a second one then learns
from everything and keeps that calibration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fame_sql.console import Progress, Step
from fame_sql.errors import InputError
from fame_sql.students import encoder
from fame_sql.students.calibration import Calibration, enough, fit_calibration
from fame_sql.students.config import DomainSpec, StudentConfig, anomaly_columns
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.held_out import Evidence, HeldOut, hold_out_templates
from fame_sql.students.inference import infer, padded
from fame_sql.students.lexical import fit_lexical
from fame_sql.students.student import Student
from fame_sql.students.targets import with_lines
from fame_sql.students.tokenizer import encode, train_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor, nn
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

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

    Returns
    -------
    Student
        Ready to score.

    Raises
    ------
    InputError
        If there are no examples, or one points to no domain.
    """
    import torch

    _check(examples, domains)
    vocabulary = [*texts, *examples.canonical]
    tokenizer = train_tokenizer(vocabulary, placeholders, config.vocab, config.max_tokens)
    early, slice_ = examples.where(~examples.calibration), examples.where(examples.calibration)
    calibration, known = Calibration.none(len(domains)), Evidence.none()
    is_enough = enough(slice_.is_anomaly, config.calibration_events)
    with reproducible(config):
        if enough(early.is_anomaly, 1) and len(slice_) and (is_enough or hold_out):
            with progress.step("calibrating", config.steps(len(early))) as step:
                network = fit(early, tokenizer, domains, config, step)
            logits = infer(network, encode(tokenizer, slice_.canonical), torch.device("cpu"))[1]
            calibration = _calibrate(logits, slice_, domains, config)
            known = _held_out(logits, calibration, early, slice_, domains)
        with progress.step("training", config.steps(len(examples))) as step:
            network = fit(examples, tokenizer, domains, config, step)
    lexical = fit_lexical(examples.canonical, examples.is_anomaly)
    held_out = HeldOut(known, hold_out_templates(examples, seed=config.seed))
    calibration = with_lines(calibration, held_out, target)
    return Student(config, domains, tokenizer, network, calibration, lexical, held_out)


def fit(
    examples: LabelledEvents,
    tokenizer: Tokenizer,
    domains: Sequence[DomainSpec],
    config: StudentConfig,
    step: Step,
) -> nn.ModuleDict:
    """Fit a new network to examples, on the CPU so that a GPU makes no difference.

    Call it within :func:`reproducible`.

    Returns
    -------
    torch.nn.ModuleDict
        In evaluation mode.
    """
    import torch

    torch.manual_seed(config.seed)
    columns = anomaly_columns(domains)
    network = encoder.build(config, tokenizer.get_vocab_size(), len(domains), int(columns.max()))
    targets = _targets(examples, columns, config.balance)
    tokens = encode(tokenizer, examples.canonical)
    lengths = np.array([len(text) for text in tokens])
    steps = config.steps(len(examples))
    optimizer, schedule = _optimizer(network, config, steps)
    network.train()
    for chosen in islice(_draws(lengths, config), steps):
        ids, mask = _batch([tokens[i] for i in chosen])
        loss = _loss(*encoder.logits(network, ids, mask), targets.of(chosen))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        step.advance()
    return network.eval()


@contextmanager
def reproducible(config: StudentConfig) -> Iterator[None]:
    """Fix what torch's results depend on while the block runs, and put it back after."""
    import torch

    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_num_threads(config.threads)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        torch.set_num_threads(threads)


@dataclass(frozen=True, slots=True)
class _Targets:
    """What each event teaches: tensors over events.

    ``judge`` is [n, 2]: the columns of the shared head and of the event's expert (the shared
    head again where its domain has none, with no weight). ``rise`` and ``fall`` weigh that
    these should be high and low.
    """

    domain: Tensor
    weight: Tensor
    judge: Tensor
    rise: Tensor
    fall: Tensor

    def of(self, chosen: npt.NDArray[np.int64]) -> _Targets:
        """Return the targets of the chosen events."""
        columns = (self.domain, self.weight, self.judge, self.rise, self.fall)
        return _Targets(*(column[chosen] for column in columns))


def _targets(examples: LabelledEvents, columns: npt.NDArray[np.int64], most: float) -> _Targets:
    import torch

    weight = 1 + np.log(np.maximum(examples.weight, 1))
    weight /= weight.mean()
    expert = columns[examples.domain]
    rise, fall = np.zeros((2, len(examples), 2))
    everyone = np.ones(len(examples), dtype=bool)
    rise[:, 0], fall[:, 0] = _balanced(examples.is_anomaly, weight, everyone, most)
    for index in np.unique(expert[expert > 0]):
        here = expert == index
        up, down = _balanced(examples.is_anomaly, weight, here, most)
        rise[here, 1], fall[here, 1] = up[here], down[here]
    judge = np.stack([np.zeros_like(expert), expert], axis=1)
    small = (torch.from_numpy(array).float() for array in (rise, fall))
    return _Targets(
        torch.from_numpy(examples.domain),
        torch.from_numpy(weight).float(),
        torch.from_numpy(judge),
        *small,
    )


def _balanced(
    anomalous: Floats, weight: Floats, here: npt.NDArray[np.bool_], most: float
) -> tuple[Floats, Floats]:
    """Weigh the classes among the events ``here`` alike, raising neither above ``most``."""
    rise, fall = weight * anomalous, weight * (1 - anomalous)
    up, down = rise[here].sum(), fall[here].sum()
    if up == 0 or down == 0:
        return rise, fall
    half = (up + down) / 2
    return rise * min(half / up, most), fall * min(half / down, most)


def _loss(router: Tensor, anomaly: Tensor, targets: _Targets) -> Tensor:
    """Add the losses of the router, the shared head and the experts, each a weighted mean."""
    from torch.nn import functional

    routing = functional.cross_entropy(router, targets.domain, reduction="none")
    judged = anomaly.gather(1, targets.judge)
    judging = targets.rise * functional.softplus(-judged)
    judging = judging + targets.fall * functional.softplus(judged)
    return (targets.weight * routing).mean() + judging.sum(dim=1).mean()


def _optimizer(
    network: nn.ModuleDict, config: StudentConfig, steps: int
) -> tuple[Optimizer, LRScheduler]:
    """Set up AdamW under a one-cycle schedule: a tenth of the steps up, the rest down."""
    from torch.optim import AdamW, lr_scheduler

    rate = config.learning_rate
    optimizer = AdamW(network.parameters(), rate, weight_decay=config.weight_decay, fused=True)
    schedule = lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=steps, pct_start=0.1, anneal_strategy="linear"
    )
    return optimizer, schedule


def _batch(tokens: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Pad token ids to the longest; return them and their mask."""
    import torch

    ids, mask = padded(tokens, max(len(text) for text in tokens), len(tokens))
    return torch.from_numpy(ids), torch.from_numpy(mask)


def _draws(
    lengths: npt.NDArray[np.int64], config: StudentConfig
) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the events of each step without end: all in random order, again and again.

    Texts of like length meet in a batch, so that little of it is padding.
    """
    random = np.random.default_rng(config.seed)
    order = np.empty(0, dtype=np.int64)
    while True:
        while len(order) < config.batch * config.pool:
            order = np.concatenate([order, random.permutation(len(lengths))])
        pool, order = np.split(order, [config.batch * config.pool])
        by_length = pool[np.argsort(lengths[pool], kind="stable")]
        yield from random.permutation(by_length.reshape(config.pool, config.batch))


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
