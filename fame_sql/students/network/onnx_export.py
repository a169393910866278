"""Exporting a network as an ONNX graph, and checking that it gives the logits of torch."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from fame_sql.errors import ModelError
from fame_sql.students.config import LENGTHS
from fame_sql.students.network import encoder
from fame_sql.students.network.inference import infer
from fame_sql.students.network.onnx_network import GRAPH, INPUTS, OUTPUTS, ROWS, OnnxEngine
from fame_sql.students.network.tokenizer import UNK

if TYPE_CHECKING:
    from torch import Tensor, nn

OPSET = 17

BOUND = 1e-4
"""Maximum difference of a logit between the two; 32-bit floats differ by at most 1e-6."""


def export_graph(
    network: nn.ModuleDict, tokens: Sequence[Sequence[int]], max_tokens: int
) -> OnnxEngine:
    """Export a network, and return the engine of ONNX Runtime that gives the same logits.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`fame_sql.students.network.encoder.build`, in evaluation mode; not changed.
    tokens : sequence of sequences of int
        Token ids of texts on which both are compared, in addition to texts of every length.
    max_tokens : int
        The longest text, one of ``LENGTHS``.

    Returns
    -------
    OnnxEngine
        Its graph contains the weights.

    Raises
    ------
    ModelError
        If a package is missing, the network cannot be exported, or a logit differs by more than
        :data:`BOUND`.
    """
    is_here = all(weight.device.type == "cpu" for weight in network.parameters())
    own = network if is_here else copy.deepcopy(network).cpu()
    engine = OnnxEngine(_traced(own), lambda: own)
    difference = _difference(own, engine, [*tokens, *_of_every_length(tokens, max_tokens)])
    if not difference <= BOUND:
        raise ModelError(
            f"the exported graph differs from torch by {difference:.2g} in a logit, and at most "
            f"{BOUND:g} is allowed: keep the runtime torch"
        )
    return engine


def _traced(network: nn.ModuleDict) -> bytes:
    """Trace one batch through the network, and return the graph."""
    import torch

    _require_onnx()
    # The batch must contain padding: without it, transformers leaves the mask out of the graph.
    mask = torch.ones((ROWS, LENGTHS[0]), dtype=torch.int64)
    mask[1:, 1:] = 0
    try:
        with TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _wrapped(network),
                (torch.zeros_like(mask), mask),
                Path(folder, GRAPH),
                input_names=INPUTS,
                output_names=OUTPUTS,
                dynamic_axes={name: {1: "length"} for name in INPUTS},
                opset_version=OPSET,
                # The other exporter needs another package.
                dynamo=False,
            )
            return _alone(Path(folder))
    except (torch.onnx.OnnxExporterError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"this network cannot be exported as an ONNX graph ({reason}): keep the runtime torch"
        ) from None


def _alone(folder: Path) -> bytes:
    """Return the graph, which must contain its weights rather than files next to it."""
    written = [path.name for path in folder.iterdir()]
    if written != [GRAPH]:
        raise ValueError("its weights are too large for one file")
    return (folder / GRAPH).read_bytes()


def _wrapped(network: nn.ModuleDict) -> nn.Module:
    """Return a module whose forward pass returns the network's logits."""
    from torch import nn

    class Logits(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
            return encoder.logits(network, ids, mask)

    # The exporter restores the mode of the module: training mode would turn dropout on.
    return Logits().eval()


def _require_onnx() -> None:
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise ModelError(
            "exporting a model for ONNX Runtime needs the package onnx, which is not installed: "
            "run \"pip install 'fame-sql[onnx]'\""
        ) from None


def _difference(
    network: nn.ModuleDict, engine: OnnxEngine, tokens: Sequence[Sequence[int]]
) -> float:
    """Return the maximum difference of a logit between torch and the graph."""
    import torch

    pairs = zip(infer(network, tokens, torch.device("cpu")), engine.logits(tokens), strict=True)
    return max(float(np.abs(ours - theirs).max(initial=0.0)) for ours, theirs in pairs)


def _of_every_length(tokens: Sequence[Sequence[int]], max_tokens: int) -> list[list[int]]:
    """Return a text of each length that texts are padded to, and one that is a token shorter."""
    ids = np.array([number for text in tokens for number in text] or [UNK])
    lengths = [length for length in LENGTHS if length <= max_tokens]
    return [np.resize(ids, size).tolist() for length in lengths for size in (length - 1, length)]
