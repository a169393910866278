"""Early stopping: training ends when the loss on held-out events no longer falls.

The first network of a training, which does not see the last slice of the training period, finds
the number of steps; the second, which learns from everything, takes the same number. (Prechelt,
Early stopping, but when?, 1998.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fame_sql.students.fitting.losses import TrainingTargets, loss
from fame_sql.students.network import encoder
from fame_sql.students.network.inference import batches, padded

if TYPE_CHECKING:
    from torch import Tensor, nn

CHECK = 25
"""Training steps between two evaluations on the held-out events."""

ROWS = 64


@dataclass(slots=True)
class EarlyStopping:
    """Watches the loss on held-out events, and keeps the best weights.

    Parameters
    ----------
    tokens : sequence of sequences of int
        Token ids of the held-out events.
    targets : TrainingTargets
        Their targets.
    patience : int
        Evaluations without a lower loss before training stops.
    best : float
        The lowest loss so far.
    steps : int
        The number of steps after which it was found; 0 before the first evaluation.
    waited : int
        Evaluations since then.
    weights : dict of str to Tensor
        The network's weights then.
    """

    tokens: Sequence[Sequence[int]]
    targets: TrainingTargets
    patience: int
    best: float = float("inf")
    steps: int = 0
    waited: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)

    @property
    def should_stop(self) -> bool:
        """Whether the loss has not fallen for ``patience`` evaluations."""
        return self.waited >= self.patience

    def evaluate(self, network: nn.ModuleDict, done: int) -> None:
        """Evaluate the network on the held-out events, every :data:`CHECK` steps.

        Parameters
        ----------
        network : torch.nn.ModuleDict
            In training mode, which it keeps.
        done : int
            Training steps so far.
        """
        if done % CHECK:
            return
        network.eval()
        found = self._loss(network)
        network.train()
        if found < self.best:
            self.best, self.steps, self.waited = found, done, 0
            self.weights = {name: w.detach().clone() for name, w in network.state_dict().items()}
        else:
            self.waited += 1

    def facts(self) -> dict[str, Any]:
        """Return the state without the weights, as JSON types."""
        return {"best": self.best, "steps": self.steps, "waited": self.waited}

    def restore(self, facts: dict[str, Any], weights: dict[str, Tensor]) -> None:
        """Restore the state from :meth:`facts` and ``weights``."""
        self.best, self.steps, self.waited = facts["best"], facts["steps"], facts["waited"]
        self.weights = weights

    def _loss(self, network: nn.ModuleDict) -> float:
        import torch

        total = 0.0
        with torch.no_grad():
            for members, length in batches(self.tokens, ROWS):
                ids, mask = padded([self.tokens[i] for i in members], length, len(members))
                targets = self.targets.of(np.asarray(members, dtype=np.int64))
                router, anomaly = encoder.logits(
                    network, torch.from_numpy(ids), torch.from_numpy(mask), targets.heads[:, 1]
                )
                total += float(loss(router, anomaly, targets)) * len(members)
        return total / len(self.tokens)
