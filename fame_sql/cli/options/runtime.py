"""The options that choose what runs a model: torch or ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fame_sql.cli.options.grouped import add_options

if TYPE_CHECKING:
    from fame_sql.students.runtime import Name, Precision, Runtime

F = TypeVar("F", bound=Callable[..., Any])

RUNTIMES = click.Choice(["torch", "onnx"])
PRECISIONS = click.Choice(["float32", "bfloat16"])
PRECISION_HELP = "Precision of torch on a CUDA device; a CPU always uses float32."


def runtime_options(command: F) -> F:
    """Add ``--runtime`` and ``--precision``; without them, the champion's runtime is used."""
    options = (
        click.option(
            "--runtime",
            type=RUNTIMES,
            show_default="the champion's, or torch",
            help="Run the model with torch, or with ONNX Runtime, which is faster on a CPU and "
            "does not need torch.",
        ),
        click.option("--precision", type=PRECISIONS, help=PRECISION_HELP),
    )
    return add_options(command, options)


def chosen_runtime(name: Name | None, precision: Precision | None) -> Runtime | None:
    """Return the runtime that the options choose, or None if neither is given."""
    from fame_sql.students.runtime import Runtime

    if name is None and precision is None:
        return None
    return Runtime(name or "torch", precision or "float32")
