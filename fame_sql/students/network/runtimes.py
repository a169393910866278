"""What runs a student's network: torch, or ONNX Runtime, which needs neither torch nor a GPU.

The two differ by about 1e-7 in a score. So a model has one runtime, which is part of its version,
and its scores name it.
"""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast, get_args

from fame_sql.errors import InputError, ModelError
from fame_sql.students.network.encoder import is_separate
from fame_sql.students.network.inference import Logits, infer

if TYPE_CHECKING:
    from torch import device, nn

Name = Literal["torch", "onnx"]
Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """How a student's network is run.

    Parameters
    ----------
    name : str
        ``"torch"``, or ``"onnx"``: ONNX Runtime on the CPU, from a graph in the model folder.
    precision : str
        ``"float32"``, or ``"bfloat16"``: 16-bit encoders where there is a CUDA device. On a CPU a
        student is always run in 32-bit floats; most CPUs are slower in 16.

    Raises
    ------
    InputError
        If a name or a precision is not known, or they do not go together.
    """

    name: Name = "torch"
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        if self.name not in get_args(Name):
            raise InputError(f"runtime {self.name!r} is not known; use torch or onnx")
        if self.precision not in get_args(Precision):
            raise InputError(f"precision {self.precision!r} is not known; use float32 or bfloat16")
        if self.name == "onnx" and self.precision != "float32":
            raise InputError(
                f"runtime 'onnx' has no precision {self.precision!r}: leave it at float32, or use "
                "runtime torch"
            )

    def __str__(self) -> str:
        return f"{self.name} in {self.precision}"


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

        A text's rows are the same, bit for bit, whatever is run beside them.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write what it needs beside the weights into a model folder."""
        ...


class TorchEngine:
    """A network run by torch, on the GPU where there is one.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`fame_sql.students.network.encoder.build`; moved to ``where``.
    precision : str
        Of a CUDA device.
    where : torch.device, optional
        Where to run; by default a CUDA device, or the CPU where there is none.
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
        """Write nothing: the weights are all."""


def in_bfloat16(network: nn.ModuleDict) -> nn.ModuleDict:
    """Return a copy of a network whose encoders have 16-bit weights; heads keep their 32 bits.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`fame_sql.students.network.encoder.build`; not changed.
    """
    halved = copy.deepcopy(network)
    apart = cast("Iterable[nn.Module]", halved["experts"]) if is_separate(halved) else ()
    for reader in (halved["encoder"], *apart):
        reader.bfloat16()
    return halved


def require_torch(what: str, instead: str = "") -> None:
    """Refuse what needs torch where it is not installed.

    Parameters
    ----------
    what : str
        What needs it, in words.
    instead : str
        What else could be done.

    Raises
    ------
    ModelError
        If torch or transformers cannot be imported.
    """
    for name in ("torch", "transformers"):
        try:
            with warnings.catch_warnings():
                # In a notebook tqdm, which comes along, asks for widgets that nothing here shows.
                warnings.filterwarnings("ignore", message="IProgress not found")
                import_module(name)
        except ImportError:
            raise ModelError(
                f"{what} needs torch and transformers, and {name} is not installed: run "
                f"'pip install torch transformers'{instead}"
            ) from None


def cores() -> int:
    """Return how many threads may compute: ``OMP_NUM_THREADS``, as for torch, or all cores."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked):
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
