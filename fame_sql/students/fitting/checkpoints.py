"""Checkpoints: the state of a training on disk, so that a killed training can be resumed.

The folder of models contains a folder ``.training`` with one safetensors file for each network in
training; everything that is not a tensor is stored in the file's header as JSON. A file names the
inputs it belongs to: one with other inputs, or one that cannot be read, is removed, and the
training starts from the beginning. The folder is removed when the model is published.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

FOLDER = ".training"
EVERY = 10.0
"""Minimum seconds between two writes, so that a short training hardly writes at all."""

SHARE = 0.05
"""Maximum share of the time spent on writing: large networks are written less often."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a training.

    Parameters
    ----------
    tensors : dict of str to Tensor
        Weights, the state of the optimiser and torch's random state.
    facts : dict
        Everything else, as JSON types.
    """

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


@dataclass(slots=True)
class Checkpoints:
    """The checkpoints of one training.

    Parameters
    ----------
    folder : Path or None
        Where they are stored; created at the first write. None keeps nothing.
    every : float
        Minimum seconds between two writes.
    resumed : dict of str to int
        For each network that was resumed, the step at which it was.
    """

    folder: Path | None
    every: float = EVERY
    resumed: dict[str, int] = field(default_factory=dict)
    _next: float = 0.0

    def __post_init__(self) -> None:
        self._next = monotonic() + self.every

    @classmethod
    def beside(cls, models: Path) -> Checkpoints:
        """Return the checkpoints of a folder of models."""
        return cls(models / FOLDER)

    @classmethod
    def none(cls) -> Checkpoints:
        """Return checkpoints that keep nothing."""
        return cls(None)

    @property
    def is_due(self) -> bool:
        """Whether it is time for another write."""
        return self.folder is not None and monotonic() >= self._next

    def read(self, name: str, identity: str) -> Snapshot | None:
        """Return the state of a network; None, and the file is removed, if it cannot be used.

        Parameters
        ----------
        name : str
            The name of the network within the training.
        identity : str
            A hash of everything that its training reads.
        """
        path = self._path(name)
        if path is None or not path.is_file():
            return None
        snapshot = _read(path, identity)
        if snapshot is None:
            path.unlink(missing_ok=True)
        return snapshot

    def write(self, name: str, identity: str, snapshot: Snapshot) -> None:
        """Store the state of a network's training, replacing the previous one.

        Parameters
        ----------
        name, identity : str
            As in :meth:`read`.
        snapshot : Snapshot
            The state.
        """
        from safetensors.torch import save_file

        path, begun = self._path(name), monotonic()
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        facts = {"identity": identity, "facts": json.dumps(snapshot.facts)}
        tensors = {name: tensor.contiguous() for name, tensor in snapshot.tensors.items()}
        save_file(tensors, unfinished, metadata=facts)
        unfinished.replace(path)
        ended = monotonic()
        self._next = ended + max(self.every, (ended - begun) / SHARE)

    def remove(self) -> None:
        """Remove all checkpoints."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{name}.safetensors"


def _read(path: Path, identity: str) -> Snapshot | None:
    """Read a checkpoint; None if it is broken or belongs to other inputs."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            kept = file.metadata() or {}
            if kept.get("identity") != identity:
                return None
            # Copied, so that the memory layout is that of an uninterrupted training.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            return Snapshot(tensors, json.loads(kept["facts"]))
    except (SafetensorError, OSError, KeyError, ValueError):
        return None
