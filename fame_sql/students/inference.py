"""Running a network so that a text's logits never depend on what is run beside it.

Sums of floats depend on the shape of a batch. So every text is padded to a length chosen by its
own number of tokens alone, and every batch has the same number of rows, filled with dummies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fame_sql.students import encoder
from fame_sql.students.config import LENGTHS
from fame_sql.students.tokenizer import PAD

if TYPE_CHECKING:
    from torch import device, nn

# On a CPU small batches stay in the cache; a GPU needs large ones to be busy.
CPU_ROWS, GPU_ROWS = 32, 256

Logits = npt.NDArray[np.float64]


def infer(
    network: nn.ModuleDict, tokens: Sequence[Sequence[int]], where: device
) -> tuple[Logits, Logits]:
    """Run the network over texts.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`fame_sql.students.encoder.build`, on the device ``where`` and in
        evaluation mode.
    tokens : sequence of sequences of int
        Token ids of each text, at most ``LENGTHS[-1]`` each.
    where : torch.device
        Where the network lies.

    Returns
    -------
    router : float64 array
        [texts, domains] logits.
    anomaly : float64 array
        [texts, 1 + experts] logits.
    """
    import torch

    rows = CPU_ROWS if where.type == "cpu" else GPU_ROWS
    router = np.empty((len(tokens), encoder.width(network, "router")))
    anomaly = np.empty((len(tokens), encoder.width(network, "anomaly")))
    with torch.inference_mode(), full_precision(where):
        for texts, ids, mask in batches(tokens, rows):
            on_device = (torch.from_numpy(array).to(where) for array in (ids, mask))
            routed, judged = encoder.logits(network, *on_device)
            router[texts] = routed[: len(texts)].cpu().numpy()
            anomaly[texts] = judged[: len(texts)].cpu().numpy()
    return router, anomaly


def batches(
    tokens: Sequence[Sequence[int]], rows: int
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Yield batches of ``rows`` rows: which texts are in them, their ids and their mask."""
    lengths = np.array([len(ids) for ids in tokens], dtype=np.int64)
    buckets = np.searchsorted(LENGTHS, lengths)
    for bucket in np.unique(buckets):
        members = np.flatnonzero(buckets == bucket)
        for start in range(0, len(members), rows):
            texts = members[start : start + rows]
            yield texts, *padded([tokens[i] for i in texts], LENGTHS[bucket], rows)


def padded(
    tokens: Sequence[Sequence[int]], length: int, rows: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return token ids and mask, [rows, length]; a row without a text is one padding token."""
    ids = np.full((rows, length), PAD, dtype=np.int64)
    mask = np.zeros((rows, length), dtype=np.int64)
    mask[:, 0] = 1
    for row, text in enumerate(tokens):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return ids, mask


@contextmanager
def full_precision(where: device) -> Iterator[None]:
    """Compute in 32-bit floats, whatever the caller has set for its own models."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.autocast(where.type, enabled=False):
            yield
    finally:
        torch.set_float32_matmul_precision(before)
