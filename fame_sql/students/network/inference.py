"""Running a network so that a text's logits never depend on the other texts of a batch.

Sums of floats depend on the shape of a batch. So every text is padded to a length that depends
only on its own number of tokens, and every batch is filled up to the same number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fame_sql.students.config import LENGTHS
from fame_sql.students.network import encoder
from fame_sql.students.network.tokenizer import PAD

if TYPE_CHECKING:
    from torch import device, nn

# On a CPU small batches stay in the cache; a GPU needs large ones.
CPU_ROWS, GPU_ROWS = 32, 256

Logits = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]
Forward = Callable[[Ids, Ids], tuple[npt.NDArray[Any], npt.NDArray[Any]]]

# Threads that share a batch wait for each other, very long if other processes use the cores as
# well. So batches run in parallel, each on one thread. torch's number of threads is a setting of
# the whole process, so only one call at a time may change it.
_LOCK = Lock()


def infer(
    network: nn.ModuleDict, tokens: Sequence[Sequence[int]], where: device
) -> tuple[Logits, Logits]:
    """Run the network over texts, on the number of threads that torch is set to.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`fame_sql.students.network.encoder.build`, on the device ``where`` and in
        evaluation mode.
    tokens : sequence of sequences of int
        Token ids of each text, at most ``LENGTHS[-1]`` each.
    where : torch.device
        The device of the network.

    Returns
    -------
    router : float64 array
        [texts, domains] logits.
    anomaly : float64 array
        [texts, 1 + experts] logits.
    """
    widths = encoder.width(network, "router"), encoder.width(network, "anomaly")

    def forward(ids: Ids, mask: Ids) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        return _forward(network, ids, mask, where)

    with _LOCK, full_precision(), one_thread_each() as threads:
        if where.type == "cpu":
            return spread(forward, tokens, widths, CPU_ROWS, threads)
        return spread(forward, tokens, widths, GPU_ROWS, 1)


def spread(
    forward: Forward,
    tokens: Sequence[Sequence[int]],
    widths: tuple[int, int],
    rows: int,
    threads: int,
) -> tuple[Logits, Logits]:
    """Run texts in batches of the same number of rows, several batches in parallel.

    Parameters
    ----------
    forward : callable
        Runs one batch: token ids and mask, [rows, length], to router and anomaly logits.
    tokens : sequence of sequences of int
        Token ids of each text.
    widths : tuple of int
        Number of router and of anomaly logits of a text.
    rows : int
        Rows of a batch; missing texts are filled up with padding.
    threads : int
        Maximum number of batches that run at the same time.
    """
    router, anomaly = (np.empty((len(tokens), width)) for width in widths)

    def run(batch: tuple[npt.NDArray[np.intp], int]) -> None:
        texts, length = batch
        ids, mask = padded([tokens[i] for i in texts], length, rows)
        routed, judged = forward(ids, mask)
        router[texts], anomaly[texts] = routed[: len(texts)], judged[: len(texts)]

    work = list(batches(tokens, rows))
    if min(threads, len(work)) > 1:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, work))
    else:
        for batch in work:
            run(batch)
    return router, anomaly


def read_vectors(network: nn.ModuleDict, tokens: Sequence[Sequence[int]]) -> Logits:
    """Return the encoder's vector of each text, [texts, width]; the network is on the CPU.

    As in :func:`infer`, a text's vector does not depend on the other texts.
    """
    import torch

    read = np.empty((len(tokens), encoder.heads(network, "router")[0].in_features))
    with _LOCK, full_precision(), one_thread_each(), torch.inference_mode():
        for texts, length in batches(tokens, CPU_ROWS):
            ids, mask = padded([tokens[i] for i in texts], length, CPU_ROWS)
            found = encoder.vectors(network, torch.from_numpy(ids), torch.from_numpy(mask))
            read[texts] = found[: len(texts)].numpy()
    return read


def batches(
    tokens: Sequence[Sequence[int]], rows: int
) -> Iterator[tuple[npt.NDArray[np.intp], int]]:
    """Yield batches of at most ``rows`` texts of similar length: indices and padded length."""
    lengths = np.array([len(ids) for ids in tokens], dtype=np.int64)
    buckets = np.searchsorted(LENGTHS, lengths)
    for bucket in np.unique(buckets):
        members = np.flatnonzero(buckets == bucket)
        for start in range(0, len(members), rows):
            yield members[start : start + rows], LENGTHS[bucket]


def padded(tokens: Sequence[Sequence[int]], length: int, rows: int) -> tuple[Ids, Ids]:
    """Return token ids and mask, [rows, length]; a row without text is one padding token."""
    ids = np.full((rows, length), PAD, dtype=np.int64)
    mask = np.zeros((rows, length), dtype=np.int64)
    mask[:, 0] = 1
    for row, text in enumerate(tokens):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return ids, mask


def _forward(
    network: nn.ModuleDict, ids: Ids, mask: Ids, where: device
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Run one batch in the precision of the network's weights, ignoring the caller's autocast."""
    import torch

    with torch.inference_mode(), torch.autocast(where.type, enabled=False):
        routed, judged = encoder.logits(
            network, torch.from_numpy(ids).to(where), torch.from_numpy(mask).to(where)
        )
        return routed.cpu().numpy(), judged.cpu().numpy()


@contextmanager
def full_precision() -> Iterator[None]:
    """Multiply in 32-bit floats, whatever precision the caller has set for its own models."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


@contextmanager
def one_thread_each() -> Iterator[int]:
    """Give each operation one thread while the block runs; yield the number before."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield before
    finally:
        torch.set_num_threads(before)
