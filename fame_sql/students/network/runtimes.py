"""The engines that run a student's network: torch, and what both engines have in common."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from fame_sql.students.config import StudentConfig
from fame_sql.students.network.encoder import is_separate
from fame_sql.students.network.inference import Logits, infer
from fame_sql.students.runtime import Precision, Runtime, require

if TYPE_CHECKING:
    from torch import device, nn


class Engine(Protocol):
    """A network that is ready to run."""

    @property
    def runtime(self) -> Runtime:
        """What it runs on."""
        ...

    @property
    def network(self) -> nn.ModuleDict:
        """The encoder and heads in torch; not to be changed."""
        ...

    def logits(self, tokens: Sequence[Sequence[int]]) -> tuple[Logits, Logits]:
        """Return router and anomaly logits, [texts, domains] and [texts, 1 + experts].

        The logits of a text are the same, bit for bit, whatever other texts are given.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write the files that it needs in addition to the weights into a model folder."""
        ...


class TorchEngine:
    """A network run by torch, on the GPU if there is one.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`fame_sql.students.network.encoder.build`; moved to ``where``.
    precision : str
        The precision on a CUDA device.
    where : torch.device, optional
        The device; by default a CUDA device, or the CPU if there is none.
    """

    def __init__(
        self,
        network: nn.ModuleDict,
        precision: Precision = "float32",
        where: device | None = None,
    ) -> None:
        import torch

        self.runtime = Runtime("torch", precision)
        self.where = where or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = network.eval().to(self.where)
        half = precision == "bfloat16" and self.where.type == "cuda"
        self._run = in_bfloat16(self.network) if half else self.network

    def logits(self, tokens: Sequence[Sequence[int]]) -> tuple[Logits, Logits]:
        """Return router and anomaly logits; see :class:`Engine`."""
        return infer(self._run, tokens, self.where)

    def save(self, folder: Path) -> None:
        """Write nothing: torch needs only the weights."""


def in_bfloat16(network: nn.ModuleDict) -> nn.ModuleDict:
    """Return a copy of a network with 16-bit weights in the encoders and 32-bit heads.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`fame_sql.students.network.encoder.build`; not changed.
    """
    halved = copy.deepcopy(network)
    separate = cast("Iterable[nn.Module]", halved["experts"]) if is_separate(halved) else ()
    for encoder in (halved["encoder"], *separate):
        encoder.bfloat16()
    return halved


def require_torch(what: str, config: StudentConfig, instead: str = "") -> None:
    """Raise an error if torch, or transformers for a pretrained encoder, is not installed.

    Parameters
    ----------
    what : str
        What needs torch, in words.
    config : StudentConfig
        Its encoder.
    instead : str
        An alternative, in words.

    Raises
    ------
    ModelError
        If one of them cannot be imported.
    """
    needed = ("torch",) if config.is_compact else ("torch", "transformers")
    require(needed, what, "encoders", instead)


def cores() -> int:
    """Return the number of threads to use: ``OMP_NUM_THREADS``, as torch does, or all cores."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked):
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
