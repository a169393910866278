"""Training one network on labelled events, from the start or from a checkpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fame_sql import __version__
from fame_sql.console import Progress
from fame_sql.students.config import DomainSpec, StudentConfig, anomaly_columns
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.fitting.checkpoints import Checkpoints, Snapshot
from fame_sql.students.fitting.early_stopping import EarlyStopping
from fame_sql.students.fitting.losses import loss, training_targets
from fame_sql.students.fitting.schedule import one_cycle, sample_batches
from fame_sql.students.network import encoder
from fame_sql.students.network.inference import padded
from fame_sql.students.network.tokenizer import encode

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

NETWORK, OPTIMIZER, BEST, RANDOM = "network.", "optimizer.", "best.", "random"


class Fitting:
    """A network in training, always on the CPU so that results do not depend on a GPU.

    Use it within :func:`reproducible`.

    Parameters
    ----------
    examples : LabelledEvents
        The events that it learns from.
    tokenizer : tokenizers.Tokenizer
        Turns texts into token ids.
    domains : sequence of DomainSpec
        The failure domains that ``examples.domain`` points into.
    config : StudentConfig
        Sizes, rates and seed.
    steps : int, optional
        Number of training steps; by default what the configuration gives for these events.
    held_out : LabelledEvents, optional
        Events for early stopping, with the patience of the configuration.
    """

    def __init__(
        self,
        examples: LabelledEvents,
        tokenizer: Tokenizer,
        domains: Sequence[DomainSpec],
        config: StudentConfig,
        steps: int | None = None,
        held_out: LabelledEvents | None = None,
    ) -> None:
        import torch

        torch.manual_seed(config.seed)
        columns = anomaly_columns(domains)
        self.config, self.done = config, 0
        self.steps = steps or config.steps(len(examples))
        self.network = encoder.build(config, tokenizer, len(domains), int(columns.max()))
        self.network.train()
        self.tokens = encode(tokenizer, examples.canonical)
        self.targets = training_targets(examples, columns, config.balance)
        self.stopping: EarlyStopping | None = None
        if held_out is not None and config.patience:
            self.stopping = EarlyStopping(
                tokens=encode(tokenizer, held_out.canonical),
                targets=training_targets(held_out, columns, config.balance),
                patience=config.patience,
            )
        weights, decay = self.network.parameters(), config.weight_decay
        self._optimizer = torch.optim.AdamW(weights, weight_decay=decay, fused=True)

    def run(self, name: str, progress: Progress, checkpoints: Checkpoints) -> None:
        """Take the remaining steps, resuming from a checkpoint if there is one.

        Parameters
        ----------
        name : str
            Name of the training, for the progress and for the checkpoint.
        progress : Progress
            Shows every step.
        checkpoints : Checkpoints
            Where checkpoints are kept.
        """
        identity = self.identity()
        title = name
        if kept := checkpoints.read(name, identity):
            self.restore(kept)
            checkpoints.resumed[name] = self.done
            title = f"{name} (resumed at step {self.done})"
        with progress.step(title, self.steps) as step:
            step.advance(self.done)
            for chosen in self._remaining():
                self.train_step(chosen)
                step.advance()
                if checkpoints.is_due:
                    checkpoints.write(name, identity, self.snapshot())
        checkpoints.write(name, identity, self.snapshot())
        self._end()

    def train_step(self, chosen: npt.NDArray[np.int64]) -> None:
        """Take one training step on the chosen events."""
        import torch

        rate, momentum = one_cycle(self.done, self.steps, self.config.learning_rate)
        for group in self._optimizer.param_groups:
            group["lr"], group["betas"] = rate, (momentum, *group["betas"][1:])
        self._optimizer.zero_grad()
        torch.autograd.backward(self.loss(chosen))
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimizer.step()
        self.done += 1
        if self.stopping is not None:
            self.stopping.evaluate(self.network, self.done)

    def loss(self, chosen: npt.NDArray[np.int64]) -> Tensor:
        """Return the loss on the chosen events."""
        targets = self.targets.of(chosen)
        ids, mask = self.batch(chosen)
        router, anomaly = encoder.logits(self.network, ids, mask, targets.heads[:, 1])
        return loss(router, anomaly, targets)

    def batch(self, chosen: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Return the chosen events' token ids, padded to the longest, and their mask."""
        import torch

        tokens = [self.tokens[i] for i in chosen]
        ids, mask = padded(tokens, max(len(text) for text in tokens), len(tokens))
        return torch.from_numpy(ids), torch.from_numpy(mask)

    def identity(self) -> str:
        """Return a hash of everything that this training reads."""
        import torch

        stopping = self.stopping
        read: list[Any] = [__version__, torch.__version__, self.config.settings(), self.steps]
        read += [self.tokens, stopping and stopping.tokens]
        later = stopping.targets.content() if stopping else b""
        content = json.dumps(read).encode() + self.targets.content() + later
        return hashlib.sha256(content).hexdigest()

    def snapshot(self) -> Snapshot:
        """Return the state of the training."""
        import torch

        weights, moments = self.network.state_dict(), self._optimizer.state_dict()["state"]
        tensors = {NETWORK + name: weight for name, weight in weights.items()}
        for index, state in moments.items():
            tensors |= {f"{OPTIMIZER}{index}.{name}": value for name, value in state.items()}
        tensors[RANDOM] = torch.get_rng_state()
        facts: dict[str, Any] = {"done": self.done}
        if self.stopping is not None:
            tensors |= {BEST + name: weight for name, weight in self.stopping.weights.items()}
            facts["stopping"] = self.stopping.facts()
        return Snapshot(tensors, facts)

    def restore(self, kept: Snapshot) -> None:
        """Restore the state of a training with the same :meth:`identity`."""
        import torch

        self.done = kept.facts["done"]
        self.network.load_state_dict(_under(kept.tensors, NETWORK))
        state = self._optimizer.state_dict()
        state["state"] = _nested(_under(kept.tensors, OPTIMIZER))
        self._optimizer.load_state_dict(state)
        torch.set_rng_state(kept.tensors[RANDOM])
        if self.stopping is not None:
            self.stopping.restore(kept.facts["stopping"], _under(kept.tensors, BEST))

    def _remaining(self) -> Iterator[npt.NDArray[np.int64]]:
        """Yield the events of each remaining step, until training stops early."""
        lengths = np.array([len(text) for text in self.tokens])
        for chosen in islice(sample_batches(lengths, self.config), self.done, self.steps):
            if self.stopping is not None and self.stopping.should_stop:
                return
            yield chosen

    def _end(self) -> None:
        """Load the best weights, if any were kept, and put the network into evaluation mode."""
        if self.stopping is not None and self.stopping.weights:
            self.network.load_state_dict(self.stopping.weights)
            self.done = self.stopping.steps
        self.network.eval()


@contextmanager
def reproducible(config: StudentConfig) -> Iterator[None]:
    """Fix what torch's results depend on while the block runs, and restore it afterwards."""
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


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names have a prefix, by the rest of their names."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _nested(moments: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """Group the optimiser's tensors by the parameter that they belong to."""
    nested: dict[int, dict[str, Tensor]] = {}
    for name, value in moments.items():
        index, kind = name.split(".", 1)
        nested.setdefault(int(index), {})[kind] = value
    return nested
