"""Logistic regressions: heads over vectors or word counts, whose optimum is unique."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.students.fitting.balance import balance

Floats = npt.NDArray[np.float64]

Weights = tuple[Floats, Floats]
"""The coefficients of several heads, [heads, width], and their intercepts, [heads]."""

REGULARISATION = 10.0
"""Inverse strength of the L2 penalty on an encoder's vectors."""

CERTAIN, NEVER = 5.0, -30.0
"""Log-odds of a head that has seen only one class, and of a domain without any example."""


def fit_head(
    rows: Any, share: Floats, weight: Floats, regularisation: float = REGULARISATION
) -> tuple[Floats, float]:
    """Fit one anomaly head; an event with conflicting labels counts in both classes.

    Parameters
    ----------
    rows : array or sparse matrix
        [events, width] what is read of each event.
    share : float64 array
        [events] share of each event's labels that are anomalous.
    weight : float64 array
        [events] weight of each event, before both classes get the same weight.
    regularisation : float
        Inverse strength of the L2 penalty.

    Returns
    -------
    float64 array
        [width] coefficients.
    float
        The intercept.
    """
    if not len(share) or not share.max() or share.min() == 1:
        return np.zeros(rows.shape[1]), CERTAIN if len(share) and share.max() else -CERTAIN
    anomalous, normal = np.flatnonzero(share > 0), np.flatnonzero(share < 1)
    both = np.concatenate([anomalous, normal])
    part = np.concatenate([share[anomalous], 1 - share[normal]])
    truth = np.arange(len(both)) < len(anomalous)
    balanced = weight * balance(share, weight)
    model = _regression(regularisation)
    model.fit(rows[both], truth, sample_weight=part * balanced[both])
    return model.coef_[0], float(model.intercept_[0])


def fit_router(
    rows: Any,
    domain: npt.NDArray[np.int64],
    weight: Floats,
    domains: int,
    regularisation: float = REGULARISATION,
) -> Weights:
    """Fit the router; a domain without examples is never predicted.

    Parameters
    ----------
    rows : array or sparse matrix
        [events, width] what is read of each event.
    domain : int64 array
        [events] index of the domain of each event.
    weight : float64 array
        [events] weight of each event.
    domains : int
        Number of domains.
    regularisation : float
        Inverse strength of the L2 penalty.
    """
    weights, bias = np.zeros((domains, rows.shape[1])), np.full(domains, NEVER)
    seen = np.unique(domain)
    if len(seen) == 1:
        bias[seen] = 0.0
        return weights, bias
    model = _regression(regularisation).fit(rows, domain, sample_weight=weight)
    if len(seen) == 2:
        weights[seen[1]], bias[seen[1]], bias[seen[0]] = model.coef_[0], model.intercept_[0], 0.0
    else:
        weights[seen], bias[seen] = model.coef_, model.intercept_
    return weights, bias


@contextmanager
def one_thread() -> Iterator[None]:
    """Let linear algebra use one thread: sums then do not depend on the number of cores.

    The matrices are so small that several threads would mostly wait for each other.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def _regression(regularisation: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=regularisation, max_iter=2000)
