"""How training goes through its steps: which events each one reads, and how far it moves.

Both follow from the number of the step alone, so that a training which was stopped needs to keep
no more than that number.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fame_sql.students.config import StudentConfig

RISE = 0.1
"""Share of the steps in which the learning rate rises; in the rest it falls."""

FIRST, LAST = 25, 1e4
"""The first step's learning rate is this part of the peak, and the last one's that part of it."""

SLOW, FAST = 0.95, 0.85
"""The first moment's decay where the learning rate is low, and where it is at its peak."""


def pace(step: int, steps: int, peak: float) -> tuple[float, float]:
    """Return the learning rate and the first moment's decay of a step.

    One cycle (Smith and Topin, Super-convergence, 2018), with the shares that
    ``torch.optim.lr_scheduler.OneCycleLR`` uses.

    Parameters
    ----------
    step : int
        Counted from 0.
    steps : int
        Of the whole training.
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


def draws(lengths: npt.NDArray[np.int64], config: StudentConfig) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the events of each step without end: all in random order, again and again.

    Texts of like length meet in a batch, so that little of it is padding.

    Parameters
    ----------
    lengths : int64 array
        Tokens of each event.
    config : StudentConfig
        Its ``batch``, ``pool`` and ``seed``.
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
