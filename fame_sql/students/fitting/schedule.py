"""The schedule of a training: the events and the learning rate of each step.

Both depend only on the number of the step, so that a checkpoint needs to keep only that number.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fame_sql.students.config import StudentConfig

RISE = 0.1
"""Share of the steps in which the learning rate rises; it falls in the others."""

FIRST, LAST = 25, 1e4
"""Divisors: of the peak for the first learning rate, and of that for the last one."""

SLOW, FAST = 0.95, 0.85
"""Decay of the first moment at the lowest and at the highest learning rate."""


def one_cycle(step: int, steps: int, peak: float) -> tuple[float, float]:
    """Return the learning rate and the decay of the first moment for a step.

    One cycle (Smith and Topin, Super-convergence, 2018), with the shares that
    ``torch.optim.lr_scheduler.OneCycleLR`` uses.

    Parameters
    ----------
    step : int
        Counted from 0.
    steps : int
        Number of steps of the training.
    peak : float
        The highest learning rate.

    Returns
    -------
    rate, momentum : float
        For ``AdamW``: ``lr`` and the first of ``betas``.
    """
    top = max(RISE * steps - 1, 0.0)
    if step <= top and top > 0:
        part = step / top
        return _between(peak / FIRST, peak, part), _between(SLOW, FAST, part)
    part = (step - top) / max(steps - 1 - top, 1.0)
    return _between(peak, peak / FIRST / LAST, part), _between(FAST, SLOW, part)


def sample_batches(
    lengths: npt.NDArray[np.int64], config: StudentConfig
) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the events of each step, without end: all events in random order, repeatedly.

    A batch consists of texts of similar length, so that it needs little padding.

    Parameters
    ----------
    lengths : int64 array
        Tokens of each event.
    config : StudentConfig
        Its ``batch``, ``pool`` and ``seed`` are used.
    """
    random = np.random.default_rng(config.seed)
    order = np.empty(0, dtype=np.int64)
    while True:
        while len(order) < config.batch * config.pool:
            order = np.concatenate([order, random.permutation(len(lengths))])
        pool, order = np.split(order, [config.batch * config.pool])
        by_length = pool[np.argsort(lengths[pool], kind="stable")]
        yield from random.permutation(by_length.reshape(config.pool, config.batch))


def _between(start: float, end: float, part: float) -> float:
    return (end - start) * part + start
