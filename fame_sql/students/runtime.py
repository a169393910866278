"""What runs a student's network: torch, or ONNX Runtime, which needs neither torch nor a GPU.

Their scores differ by about 1e-7. So a model has one runtime, which is part of its version.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, get_args

from fame_sql.errors import InputError, ModelError

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
        ``"float32"``, or ``"bfloat16"``: 16-bit encoders on a CUDA device. On a CPU a student
        always runs in 32-bit floats, because most CPUs are slower in 16.

    Raises
    ------
    InputError
        If the name or the precision is unknown, or the combination is not supported.
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


def require(packages: Sequence[str], what: str, extra: str, instead: str = "") -> None:
    """Raise an error if one of several packages is not installed.

    Parameters
    ----------
    packages : sequence of str
        The packages, which are imported.
    what : str
        What needs them, in words.
    extra : str
        The extra of fame-sql that brings them.
    instead : str
        An alternative, in words.

    Raises
    ------
    ModelError
        If one of them cannot be imported.
    """
    for name in packages:
        try:
            with warnings.catch_warnings():
                # In a notebook, tqdm is imported too and warns about widgets nobody needs.
                warnings.filterwarnings("ignore", message="IProgress not found")
                import_module(name)
        except ImportError:
            raise ModelError(
                f"{what} needs {' and '.join(packages)}, and {name} is not installed: run "
                f"\"pip install 'fame-sql[{extra}]'\"{instead}"
            ) from None
