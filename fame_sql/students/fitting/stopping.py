"""When to stop: as soon as events that are held out are judged no better any more.

The first network of a training, which does not see the last slice of the training period, finds
the number of steps; the second, which learns from everything, takes as many. (Prechelt, Early
stopping, but when?, 1998.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fame_sql.students.fitting.losses import Lessons, loss
from fame_sql.students.network import encoder
from fame_sql.students.network.inference import batches, padded

if TYPE_CHECKING:
    from torch import Tensor, nn

CHECK = 25
"""Training steps between two looks at the events held out."""

ROWS = 64


@dataclass(slots=True)
class Stopping:
    """Watches the loss on events that are held out, and keeps the best weights.

    Parameters
    ----------
    tokens : sequence of sequences of int
        Token ids of the events that are held out.
    taught : Lessons
        What they would teach.
    patience : int
        Looks without a lower loss before it is enough.
    best : float
        The lowest loss so far.
    steps : int
        The step it was found after; 0 before the first look.
    waited : int
        Looks since then.
    weights : dict of str to Tensor
        The network's weights then.
    """

    tokens: Sequence[Sequence[int]]
    taught: Lessons
    patience: int
    best: float = float("inf")
    steps: int = 0
    waited: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)

    @property
    def is_enough(self) -> bool:
        """Whether going on has brought nothing for as long as ``patience`` says."""
        return self.waited >= self.patience

    def look(self, network: nn.ModuleDict, done: int) -> None:
        """Judge the events held out after so many steps, if it is time to.

        Parameters
        ----------
        network : torch.nn.ModuleDict
            In training mode, and so left.
        done : int
            Training steps taken.
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
        """Return where it stands, beside the weights, in JSON's types."""
        return {"best": self.best, "steps": self.steps, "waited": self.waited}

    def restore(self, facts: dict[str, Any], weights: dict[str, Tensor]) -> None:
        """Go on from what :meth:`facts` and ``weights`` once were."""
        self.best, self.steps, self.waited = facts["best"], facts["steps"], facts["waited"]
        self.weights = weights

    def _loss(self, network: nn.ModuleDict) -> float:
        import torch

        total = 0.0
        with torch.no_grad():
            for members, length in batches(self.tokens, ROWS):
                ids, mask = padded([self.tokens[i] for i in members], length, len(members))
                taught = self.taught.of(np.asarray(members, dtype=np.int64))
                inputs = torch.from_numpy(ids), torch.from_numpy(mask), taught.judge[:, 1]
                total += float(loss(*encoder.logits(network, *inputs), taught)) * len(members)
        return total / len(self.tokens)
