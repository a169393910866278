"""Writing a network as an ONNX graph, and making sure that it says what torch says."""

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
"""Most that a logit may differ between the two; 32-bit floats differ by 1e-6 and less."""


def export_graph(
    network: nn.ModuleDict, tokens: Sequence[Sequence[int]], max_tokens: int
) -> OnnxEngine:
    """Return a network as an engine of ONNX Runtime that gives the same logits.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`fame_sql.students.network.encoder.build`, in evaluation mode; read, not changed.
    tokens : sequence of sequences of int
        Token ids of texts that both are compared on, beside texts of every length.
    max_tokens : int
        The longest text, one of ``LENGTHS``.

    Returns
    -------
    OnnxEngine
        Its graph has the weights in it.

    Raises
    ------
    ModelError
        If a package is not installed, the network cannot be written, or a logit differs by more
        than :data:`BOUND`.
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
    """Follow a batch through the network and write down what happens to it."""
    import torch

    _require_onnx()
    # The trace must meet padding: where there is none, transformers leaves the mask out of it.
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
                # The other exporter needs one package more.
                dynamo=False,
            )
            return _alone(Path(folder))
    except (torch.onnx.OnnxExporterError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"this network cannot be written as an ONNX graph ({reason}): keep the runtime torch"
        ) from None


def _alone(folder: Path) -> bytes:
    """Return the graph, which must not have left weights in files beside it."""
    written = [path.name for path in folder.iterdir()]
    if written != [GRAPH]:
        raise ValueError("its weights are too large for one file")
    return (folder / GRAPH).read_bytes()


def _wrapped(network: nn.ModuleDict) -> nn.Module:
    """Return a module whose forward pass is that of the network."""
    from torch import nn

    class Logits(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
            return encoder.logits(network, ids, mask)

    # The exporter gives a module back as it was: one in training mode would turn dropout on.
    return Logits().eval()


def _require_onnx() -> None:
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise ModelError(
            "writing a model for ONNX Runtime needs the package onnx, which is not installed: run "
            "'pip install onnx onnxruntime'"
        ) from None


def _difference(
    network: nn.ModuleDict, engine: OnnxEngine, tokens: Sequence[Sequence[int]]
) -> float:
    """Return the most that a logit differs between torch and the graph."""
    import torch

    pairs = zip(infer(network, tokens, torch.device("cpu")), engine.logits(tokens), strict=True)
    return max(float(np.abs(ours - theirs).max(initial=0.0)) for ours, theirs in pairs)


def _of_every_length(tokens: Sequence[Sequence[int]], max_tokens: int) -> list[list[int]]:
    """Return texts as long as each length that texts are padded to, and one token shorter."""
    ids = np.array([number for text in tokens for number in text] or [UNK])
    lengths = [length for length in LENGTHS if length <= max_tokens]
    return [np.resize(ids, size).tolist() for length in lengths for size in (length - 1, length)]
