"""What a training keeps on disk while it runs, so that one which was killed goes on where it was.

Beside the models lies a folder, ``.training``, with one safetensors file for each network that is
being fitted; what is no tensor stands in the file's header as JSON. A file names what it belongs
to: one of other inputs, or one that cannot be read, is removed and the training begins anew. The
folder goes when the model is published.
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
"""Seconds between two writes, so that a training of seconds hardly writes at all."""

SHARE = 0.05
"""Share of the time that writing may take: large networks are written less often."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a training stands.

    Parameters
    ----------
    tensors : dict of str to Tensor
        Weights, the optimiser's state and torch's random state.
    facts : dict
        The rest, in JSON's types.
    """

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


@dataclass(slots=True)
class Checkpoints:
    """The checkpoints of one training.

    Parameters
    ----------
    folder : Path or None
        Where they lie; made at the first write. None keeps nothing.
    every : float
        Seconds between two writes, at least.
    resumed : dict of str to int
        The step that each network went on from, of those that did.
    """

    folder: Path | None
    every: float = EVERY
    resumed: dict[str, int] = field(default_factory=dict)
    _next: float = 0.0

    def __post_init__(self) -> None:
        self._next = monotonic() + self.every

    @classmethod
    def beside(cls, models: Path) -> Checkpoints:
        """Return the checkpoints that belong to a folder of models."""
        return cls(models / FOLDER)

    @classmethod
    def none(cls) -> Checkpoints:
        """Return checkpoints that keep nothing."""
        return cls(None)

    @property
    def are_due(self) -> bool:
        """Whether the time for another write has come."""
        return self.folder is not None and monotonic() >= self._next

    def read(self, name: str, identity: str) -> Snapshot | None:
        """Return what was kept of a network; None, and no file any more, if that is of no use.

        Parameters
        ----------
        name : str
            Which of the training's networks.
        identity : str
            A hash of all that its training reads.
        """
        path = self._path(name)
        if path is None or not path.is_file():
            return None
        snapshot = _read(path, identity)
        if snapshot is None:
            path.unlink(missing_ok=True)
        return snapshot

    def write(self, name: str, identity: str, snapshot: Snapshot) -> None:
        """Keep where a network's training stands, in place of what was kept before.

        Parameters
        ----------
        name, identity : str
            As in :meth:`read`.
        snapshot : Snapshot
            What to keep.
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
        """Forget all of them: the model is published."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{name}.safetensors"


def _read(path: Path, identity: str) -> Snapshot | None:
    """Read a checkpoint; None if it is broken or belongs to something else."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            kept = file.metadata() or {}
            if kept.get("identity") != identity:
                return None
            # Copied, so that memory is laid out as in a training that was never stopped.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            return Snapshot(tensors, json.loads(kept["facts"]))
    except (SafetensorError, OSError, KeyError, ValueError):
        return None
