"""A network as an ONNX graph, run by ONNX Runtime on the CPU; torch is not needed.

Batches of a fixed number of rows run in parallel, each on one thread, so that a text's logits
depend neither on other texts nor on threads. The number of rows is fixed in the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fame_sql.errors import ModelError
from fame_sql.students.network.inference import Logits, spread
from fame_sql.students.network.runtimes import cores
from fame_sql.students.runtime import Runtime

if TYPE_CHECKING:
    from torch import nn

GRAPH = "student.onnx"
INPUTS, OUTPUTS = ("ids", "mask"), ("router", "anomaly")

ROWS = 16
"""Rows of a batch: as fast as larger batches, and less work for a single text."""


class OnnxEngine:
    """A network run by ONNX Runtime.

    Parameters
    ----------
    graph : bytes
        From :func:`fame_sql.students.network.onnx_export.export_graph`.
    read_network : callable
        Returns the same network in torch, for retraining; called at most once.

    Raises
    ------
    ModelError
        If ONNX Runtime is not installed, or the graph is not that of a student.
    """

    runtime = Runtime("onnx")

    def __init__(self, graph: bytes, read_network: Callable[[], nn.ModuleDict]) -> None:
        self.graph = graph
        self._read_network = read_network
        self._session = _session(graph)
        self.rows, self.widths = _shape(self._session)

    @cached_property
    def network(self) -> nn.ModuleDict:
        """The encoder and heads in torch, on the CPU."""
        return self._read_network().eval()

    def logits(self, tokens: Sequence[Sequence[int]]) -> tuple[Logits, Logits]:
        """Return router and anomaly logits; see :class:`.runtimes.Engine`."""
        return spread(self._forward, tokens, self.widths, self.rows, cores())

    def save(self, folder: Path) -> None:
        """Write ``student.onnx``."""
        (folder / GRAPH).write_bytes(self.graph)

    def _forward(
        self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        router, anomaly = self._session.run(OUTPUTS, dict(zip(INPUTS, (ids, mask), strict=True)))
        return router, anomaly


def read_graph(folder: Path) -> bytes:
    """Return the graph in a model folder.

    Raises
    ------
    ModelError
        If there is none.
    """
    try:
        return (folder / GRAPH).read_bytes()
    except OSError as error:
        raise ModelError(
            f"{folder / GRAPH} cannot be read ({error.strerror}): train again with "
            "'fame train --full'"
        ) from None


def _session(graph: bytes) -> Any:
    """Open a session in which each run uses only the caller's thread."""
    try:
        import onnxruntime
    except ImportError:
        raise ModelError(
            "this model runs on ONNX Runtime, which is not installed: run "
            "\"pip install 'fame-sql[onnx]'\", or give the model the runtime torch with "
            "'fame models convert VERSION --runtime torch'"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no narrower base class
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"{GRAPH} is not a graph that ONNX Runtime can run ({reason}): export it again with "
            "'fame models convert VERSION --runtime onnx', or train with 'fame train --full'"
        ) from None


def _shape(session: Any) -> tuple[int, tuple[int, int]]:
    """Return the rows of a batch, and the numbers of router and of anomaly logits."""
    inputs = {value.name: value.shape for value in session.get_inputs()}
    outputs = {value.name: value.shape for value in session.get_outputs()}
    if set(inputs) == set(INPUTS) and set(outputs) == set(OUTPUTS):
        rows = inputs["ids"][0]
        router, anomaly = (outputs[name][-1] for name in OUTPUTS)
        if all(isinstance(size, int) and size > 0 for size in (rows, router, anomaly)):
            return rows, (router, anomaly)
    raise ModelError(f"{GRAPH} is not the graph of a student: train again with 'fame train --full'")
