"""Training targets and loss weights of labelled events, and the loss of the heads."""

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
class TrainingTargets:
    """Targets and loss weights of n events, as tensors.

    Parameters
    ----------
    domain : Tensor
        [n] the domain: the router's target.
    weight : Tensor
        [n] loss weight for the router.
    heads : Tensor
        [n, 2] the columns of the shared head and of the event's expert (if its domain has no
        expert, the shared head again, with weight 0).
    positive, negative : Tensor
        [n, 2] loss weights of the positive and the negative class for these two heads.
    """

    domain: Tensor
    weight: Tensor
    heads: Tensor
    positive: Tensor
    negative: Tensor

    def of(self, chosen: npt.NDArray[np.int64]) -> TrainingTargets:
        """Return the targets of the chosen events."""
        return TrainingTargets(
            domain=self.domain[chosen],
            weight=self.weight[chosen],
            heads=self.heads[chosen],
            positive=self.positive[chosen],
            negative=self.negative[chosen],
        )

    def content(self) -> bytes:
        """Return all columns as bytes, to be hashed."""
        columns = (self.domain, self.weight, self.heads, self.positive, self.negative)
        return b"".join(column.numpy().tobytes() for column in columns)


def training_targets(
    examples: LabelledEvents, columns: npt.NDArray[np.int64], most: float
) -> TrainingTargets:
    """Return the targets and loss weights of labelled events.

    Parameters
    ----------
    examples : LabelledEvents
        The events.
    columns : int64 array
        The anomaly logit that judges each domain, from :func:`~.config.anomaly_columns`.
    most : float
        Maximum factor by which the weight of the rarer class is raised.
    """
    import torch

    weight = examples.importance
    expert = columns[examples.domain]
    positive, negative = _class_weights(examples.is_anomaly, weight, expert, most)
    heads = np.stack([np.zeros_like(expert), expert], axis=1)
    return TrainingTargets(
        domain=torch.from_numpy(examples.domain),
        weight=torch.from_numpy(weight).float(),
        heads=torch.from_numpy(heads),
        positive=torch.from_numpy(positive).float(),
        negative=torch.from_numpy(negative).float(),
    )


def loss(router: Tensor, anomaly: Tensor, targets: TrainingTargets) -> Tensor:
    """Add the losses of the router, the shared head and the experts, each a weighted mean.

    Parameters
    ----------
    router, anomaly : Tensor
        Logits from :func:`fame_sql.students.network.encoder.logits`.
    targets : TrainingTargets
        The targets of the same events.
    """
    from torch.nn import functional

    routing = functional.cross_entropy(router, targets.domain, reduction="none")
    logits = anomaly.gather(1, targets.heads)
    detection = targets.positive * functional.softplus(-logits)
    detection = detection + targets.negative * functional.softplus(logits)
    return (targets.weight * routing).mean() + detection.sum(dim=1).mean()


def _class_weights(
    anomalous: Floats, weight: Floats, expert: npt.NDArray[np.int64], most: float
) -> tuple[Floats, Floats]:
    """Return the weights of both classes for the shared head and the expert, each [n, 2]."""
    positive, negative = np.zeros((2, len(anomalous), 2))
    positive[:, 0], negative[:, 0] = _balanced(anomalous, weight, most)
    for column in np.unique(expert[expert > 0]):
        here = expert == column
        balanced = _balanced(anomalous[here], weight[here], most)
        positive[here, 1], negative[here, 1] = balanced
    return positive, negative


def _balanced(anomalous: Floats, weight: Floats, most: float) -> tuple[Floats, Floats]:
    """Return the weights of both classes, balanced, with neither raised more than ``most``."""
    balanced = weight * balance(anomalous, weight, most)
    return balanced * anomalous, balanced * (1 - anomalous)
