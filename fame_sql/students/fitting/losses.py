"""What each labelled event teaches the heads, and how far they are from having learned it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fame_sql.students.examples import LabelledEvents
from fame_sql.students.fitting.balance import balance

if TYPE_CHECKING:
    from torch import Tensor

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lessons:
    """What each of n events teaches, as tensors.

    Parameters
    ----------
    domain : Tensor
        [n] its domain.
    weight : Tensor
        [n] what it counts for the router.
    judge : Tensor
        [n, 2] the columns of the shared head and of the event's expert (the shared head again
        where its domain has none, with no weight).
    rise, fall : Tensor
        [n, 2] what it counts that these should be high, and low.
    """

    domain: Tensor
    weight: Tensor
    judge: Tensor
    rise: Tensor
    fall: Tensor

    def of(self, chosen: npt.NDArray[np.int64]) -> Lessons:
        """Return the lessons of the chosen events."""
        return Lessons(*(column[chosen] for column in self._columns()))

    def content(self) -> bytes:
        """Return all of it as bytes, to tell other lessons by."""
        return b"".join(column.numpy().tobytes() for column in self._columns())

    def _columns(self) -> tuple[Tensor, ...]:
        return (self.domain, self.weight, self.judge, self.rise, self.fall)


def lessons(examples: LabelledEvents, columns: npt.NDArray[np.int64], most: float) -> Lessons:
    """Return what events teach.

    Parameters
    ----------
    examples : LabelledEvents
        The events.
    columns : int64 array
        The anomaly logit that judges each domain, from :func:`~.config.anomaly_columns`.
    most : float
        How many times the rarer class may be raised, at most.
    """
    import torch

    weight = examples.importance
    expert = columns[examples.domain]
    rise, fall = _pulls(examples.is_anomaly, weight, expert, most)
    judge = np.stack([np.zeros_like(expert), expert], axis=1)
    part, up, down = (torch.from_numpy(array).float() for array in (weight, rise, fall))
    return Lessons(torch.from_numpy(examples.domain), part, torch.from_numpy(judge), up, down)


def loss(router: Tensor, anomaly: Tensor, taught: Lessons) -> Tensor:
    """Add the losses of the router, the shared head and the experts, each a weighted mean.

    Parameters
    ----------
    router, anomaly : Tensor
        Logits from :func:`fame_sql.students.network.encoder.logits`.
    taught : Lessons
        Of the same events.
    """
    from torch.nn import functional

    routing = functional.cross_entropy(router, taught.domain, reduction="none")
    judged = anomaly.gather(1, taught.judge)
    judging = taught.rise * functional.softplus(-judged)
    judging = judging + taught.fall * functional.softplus(judged)
    return (taught.weight * routing).mean() + judging.sum(dim=1).mean()


def _pulls(
    anomalous: Floats, weight: Floats, expert: npt.NDArray[np.int64], most: float
) -> tuple[Floats, Floats]:
    """Weigh what raises and lowers the shared head, and each event's expert; both [n, 2]."""
    rise, fall = np.zeros((2, len(anomalous), 2))
    rise[:, 0], fall[:, 0] = _balanced(anomalous, weight, most)
    for column in np.unique(expert[expert > 0]):
        here = expert == column
        rise[here, 1], fall[here, 1] = _balanced(anomalous[here], weight[here], most)
    return rise, fall


def _balanced(anomalous: Floats, weight: Floats, most: float) -> tuple[Floats, Floats]:
    """Weigh the classes among events alike, raising neither above ``most``."""
    balanced = weight * balance(anomalous, weight, most)
    return balanced * anomalous, balanced * (1 - anomalous)
