"""The configuration of a student: its sizes, how it is trained, and its domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from fame_sql.errors import InputError
from fame_sql.verdict.label_words import DomainKind

WORDS = "words"
"""The preset that reads words and has no encoder; the default."""

COMPACT = "compact"
"""The preset whose encoder is trained from scratch and needs no pretrained weights."""

SIZES = ("hidden", "layers", "heads", "feed_forward", "vocab", "dropout")
"""The fields that a pretrained encoder determines itself."""

# Minimum of each number.
LEAST = {
    **dict.fromkeys(("hidden", "layers", "feed_forward", "batch", "pool", "epochs"), 1),
    **dict.fromkeys(("max_steps", "threads", "balance", "calibration_events"), 1),
    **dict.fromkeys(("min_steps", "seed", "frozen_layers", "weight_decay"), 0),
    "vocab": 64,
}

# fmt: off
FIRST_FIELDS = frozenset((
    "preset", "hidden", "layers", "heads", "feed_forward", "vocab", "max_tokens", "dropout",
    "learning_rate", "weight_decay", "batch", "pool", "epochs", "min_steps",
    "max_steps", "balance", "calibration_events", "threads", "seed",
))
# fmt: on
"""The fields that every stored compact configuration has; see :meth:`StudentConfig.settings`."""

WORDS_FIELDS = ("preset", "calibration_events", "seed")
"""The only fields that matter to a student without an encoder."""

LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
"""The lengths in tokens to which texts are padded; ``max_tokens`` must be one of them."""


@dataclass(frozen=True, slots=True)
class StudentConfig:
    """The sizes of a student and how it is trained.

    Parameters
    ----------
    preset : str
        ``"words"``, which has no encoder and uses only the fields ``calibration_events`` and
        ``seed``; ``"compact"``, a small transformer trained from scratch on the warehouse's own
        events, which needs no download; or a name for the chosen ``router``, as in
        :mod:`fame_sql.students.presets`.
    hidden : int
        Width of the encoder's vectors, a multiple of ``heads``.
    layers : int
        Number of transformer layers.
    heads : int
        Number of attention heads in each layer.
    feed_forward : int
        Width of each layer's feed-forward part.
    vocab : int
        Maximum size of the vocabulary that the tokenizer learns, including placeholders.
    max_tokens : int
        Maximum number of tokens read per text, one of ``LENGTHS``; the rest is ignored.
    dropout : float
        Share of the encoder's activations that are dropped during training.
    learning_rate : float
        Peak learning rate of the one-cycle schedule.
    weight_decay : float
        AdamW's weight decay.
    batch : int
        Events per training step.
    pool : int
        Number of batches within which events are sorted by length, to reduce padding.
    epochs : int
        Passes over the events, within the bounds on steps.
    min_steps, max_steps : int
        Bounds on the number of training steps.
    balance : float
        Maximum factor by which the weight of the rarer class is raised.
    calibration_events : int
        Minimum number of events of each class to which a threshold is fitted: the domain's own
        events, or, if the calibration slice has fewer of them, those of all domains together;
        with fewer still, no threshold is fitted.
    threads : int
        Threads for training. Part of the configuration because the last bits of sums, and so of
        weights, depend on it. The default is 1 because steps are so small that two threads on
        shared cores would mostly wait for each other.
    seed : int
        Seed of the initial weights, of the order of events and of dropout.
    router : str
        Source of the pretrained encoder: a folder, ``package:NAME`` or the name of a model on
        the hub. Empty for ``"compact"``; otherwise the encoder determines ``hidden``,
        ``layers``, ``heads``, ``feed_forward``, ``vocab`` and ``dropout``, and these are unused.
    experts : str
        Source of the experts' separate encoders; empty for that of the router.
    separate : bool
        Give every expert a separate encoder, instead of one that all heads share.
    frozen_layers : int
        Number of layers of a pretrained encoder, from the embeddings up, that are not trained.
    digest : str
        SHA-256 of the pretrained weights; empty for any weights.
    patience : int
        Evaluations on the calibration slice, one every 25 steps, without a lower loss after
        which the first network stops; the second takes the number of steps that was best. With
        0, both take all steps.
    """

    preset: str = WORDS
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
    router: str = ""
    experts: str = ""
    separate: bool = False
    frozen_layers: int = 0
    digest: str = ""
    patience: int = 0

    def __post_init__(self) -> None:
        self._check_encoder()
        self._check_numbers()
        if self.heads < 1 or self.hidden % self.heads:
            raise InputError(f"hidden {self.hidden} must be a multiple of heads {self.heads}")
        if self.patience < 0:
            raise InputError(f"patience {self.patience} must be 0 or more")
        if self.max_tokens not in LENGTHS:
            allowed = ", ".join(map(str, LENGTHS))
            raise InputError(f"max_tokens {self.max_tokens} is not one of the lengths {allowed}")

    def _check_encoder(self) -> None:
        own = self.preset in (WORDS, COMPACT)
        if not self.router and not own:
            raise InputError(
                f"preset {self.preset!r} has no encoder: give 'router', a folder or the name of "
                f"a model, or use preset {WORDS!r} or {COMPACT!r}"
            )
        if self.router and own:
            raise InputError(
                f"preset {self.preset!r} has no router, but {self.router!r} is given: leave "
                "'router' out, or give the preset another name"
            )
        if own and (self.experts or self.separate or self.frozen_layers):
            raise InputError(
                "experts, separate and frozen_layers are for a pretrained encoder: give 'router', "
                "a folder or the name of a model"
            )
        if self.experts and not self.separate:
            raise InputError(
                f"experts {self.experts!r} with one shared encoder: set separate = true, or leave "
                "'experts' out"
            )

    def _check_numbers(self) -> None:
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise InputError(f"{name} {getattr(self, name)} must be {least} or more")
        if not self.learning_rate > 0:
            raise InputError(f"learning_rate {self.learning_rate} must be more than 0")
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout {self.dropout} must be 0 or more and less than 1")

    @property
    def is_compact(self) -> bool:
        """Whether the encoder is trained from scratch."""
        return self.preset == COMPACT

    @property
    def has_encoder(self) -> bool:
        """Whether there is an encoder at all."""
        return self.preset != WORDS

    def steps(self, events: int) -> int:
        """Return the number of training steps for a number of events."""
        wanted = self.epochs * -(-events // self.batch)
        return min(max(wanted, self.min_steps), self.max_steps)

    def settings(self) -> dict[str, Any]:
        """Return the fields by name, as they are stored and hashed.

        Fields that were added after the first models are left out if they have their defaults,
        so that an old configuration equals the same one today. The sizes are left out if a
        pretrained encoder determines them, and all that has no meaning without an encoder.
        """
        if not self.has_encoder:
            return {name: getattr(self, name) for name in WORDS_FIELDS}
        added = {f.name: f.default for f in fields(self) if f.name not in FIRST_FIELDS}
        unused = () if self.is_compact else SIZES
        return {
            name: value
            for name, value in asdict(self).items()
            if name not in unused and (name not in added or value != added[name])
        }


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
    kind: DomainKind

    def __post_init__(self) -> None:
        if self.kind not in get_args(DomainKind):
            kinds = ", ".join(get_args(DomainKind))
            raise InputError(f"domain {self.name!r} has kind {self.kind!r}; use one of {kinds}")


def anomaly_columns(domains: Sequence[DomainSpec]) -> npt.NDArray[np.int64]:
    """Return the anomaly logit of each domain: 0 is the shared head, then come the experts."""
    mixed = np.array([domain.kind == "mixed" for domain in domains], dtype=np.int64)
    return np.cumsum(mixed) * mixed
