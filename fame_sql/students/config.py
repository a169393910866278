"""What a student is made of: its sizes, how it is trained, and the domains it knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from fame_sql.errors import InputError

Kind = Literal["normal", "anomalous", "mixed"]
"""What a domain's labels are: all normal, all anomalous, or both."""

PRESETS = ("compact",)
"""The encoders that can be trained; each is built by :func:`fame_sql.students.encoder.build`."""

LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
"""The lengths in tokens that texts are padded to; the longest of a student is one of them."""


@dataclass(frozen=True, slots=True)
class StudentConfig:
    """The sizes of a student and the way it is trained.

    Parameters
    ----------
    preset : str
        The encoder: ``"compact"``, a small transformer trained from scratch on the
        warehouse's own events, which needs no download.
    hidden : int
        Width of the encoder's vectors, a multiple of ``heads``.
    layers : int
        Transformer layers.
    heads : int
        Attention heads in each layer.
    feed_forward : int
        Width within each layer's feed-forward part.
    vocab : int
        Most tokens that the tokenizer may learn, placeholders included.
    max_tokens : int
        Tokens of a text that are read, one of ``LENGTHS``; the rest of a longer text is not.
    dropout : float
        Share of the encoder's activations that are dropped in training.
    learning_rate : float
        Peak of the one-cycle schedule.
    weight_decay : float
        AdamW's weight decay.
    batch : int
        Events in a training step.
    pool : int
        Batches among which events are sorted by length, so that little is padding.
    epochs : int
        Passes over the events, as far as the bounds on steps allow.
    min_steps, max_steps : int
        Bounds on the training steps.
    balance : float
        How far the rarer class may be raised: at most this many times.
    calibration_events : int
        Events of each class that a threshold is fitted to, at least: a domain's own, or where
        the calibration slice holds fewer there, all domains' together, or else none is.
    threads : int
        Threads in training. Part of the configuration because sums, and so weights, depend on
        it in their last bits. One: steps are so small that two threads, on cores that others
        use as well, mostly wait for each other.
    seed : int
        Seed of the weights, of the order of events and of dropout.
    """

    preset: str = "compact"
    hidden: int = 128
    layers: int = 2
    heads: int = 4
    feed_forward: int = 256
    vocab: int = 4096
    max_tokens: int = 64
    dropout: float = 0.1
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    batch: int = 32
    pool: int = 8
    epochs: int = 5
    min_steps: int = 300
    max_steps: int = 800
    balance: float = 10.0
    calibration_events: int = 10
    threads: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise InputError(f"preset {self.preset!r} is not known; use {' or '.join(PRESETS)}")
        if self.heads < 1 or self.hidden % self.heads:
            raise InputError(f"hidden {self.hidden} must be a multiple of heads {self.heads}")
        if self.max_tokens not in LENGTHS:
            allowed = ", ".join(map(str, LENGTHS))
            raise InputError(f"max_tokens {self.max_tokens} is none of the lengths {allowed}")

    def steps(self, events: int) -> int:
        """Return the training steps for so many events."""
        wanted = self.epochs * -(-events // self.batch)
        return min(max(wanted, self.min_steps), self.max_steps)


@dataclass(frozen=True, slots=True)
class DomainSpec:
    """One failure domain as the students see it.

    Parameters
    ----------
    name : str
        The domain's name.
    kind : str
        ``"mixed"``: an expert head decides. ``"anomalous"``: routing alone decides.
        ``"normal"``: the shared anomaly head watches.
    """

    name: str
    kind: Kind

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            kinds = ", ".join(get_args(Kind))
            raise InputError(f"domain {self.name!r} has kind {self.kind!r}; use one of {kinds}")


def anomaly_columns(domains: Sequence[DomainSpec]) -> npt.NDArray[np.int64]:
    """Return which anomaly logit judges each domain: 0 is the shared head, then the experts."""
    mixed = np.array([domain.kind == "mixed" for domain in domains], dtype=np.int64)
    return np.cumsum(mixed) * mixed
