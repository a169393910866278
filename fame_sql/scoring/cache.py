"""The verdicts of a model that are kept in memory, by message and by canonical text."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

import numpy as np

from fame_sql.models.model import Model
from fame_sql.scoring.message_slots import MessageSlots, keys_of
from fame_sql.verdict import Verdict

CAPACITY = 500_000
"""Maximum number of canonical texts cached per model and process."""

MOST_BYTES = 256_000_000
"""Maximum memory of these canonical texts."""

BATCH = 16_384
"""Maximum number of canonical texts given to the model at once."""


@dataclass(frozen=True, slots=True)
class CacheContent:
    """The content of a cache: slots in lists of texts and their verdicts, which only grow.

    The verdicts are the model's own: what was answered about a template comes on top.

    Readers hold no lock. A full cache is replaced, so that lock-free readers keep valid slots.
    """

    of_message: MessageSlots = field(default_factory=MessageSlots)
    of_canonical: dict[str, int] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def add(self, canonical: str, verdict: Verdict) -> None:
        """Store a verdict before its slot becomes visible."""
        self.texts.append(canonical)
        self.verdicts.append(verdict)
        self.of_canonical[canonical] = len(self.verdicts) - 1

    def without_old_verdicts(self) -> CacheContent:
        """Return a copy of the newer half of the cache."""
        recent = list(self.of_canonical.items())[len(self.of_canonical) // 2 :]
        kept = CacheContent()
        moved = np.full(len(self.verdicts), -1, np.int64)
        for canonical, slot in recent:
            kept.add(canonical, self.verdicts[slot])
            moved[slot] = len(kept.verdicts) - 1
        return replace(kept, of_message=self.of_message.moved(moved))


class VerdictCache:
    """The verdicts of one model in this process; one thread scores at a time.

    Attributes
    ----------
    content : CacheContent
        The verdicts; readers need no lock.
    lock : threading.Lock
        Held while new texts are scored.
    judged : int
        The number of texts that the model has scored.
    seconds : float
        How long that took, without loading the model.
    """

    def __init__(self) -> None:
        self.content = CacheContent()
        self._text_bytes = 0
        self.lock = threading.Lock()
        self.judged = 0
        self.seconds = 0.0

    def judge(self, model: Model, canonical: Sequence[str]) -> dict[str, Verdict]:
        """Return the verdict on each text, asking the model for those that are not cached."""
        with self.lock:
            return self.judge_locked(model, canonical)

    def judge_locked(self, model: Model, canonical: Sequence[str]) -> dict[str, Verdict]:
        """Return the verdict on each text; the caller holds the lock."""
        found: dict[str, Verdict] = {}
        new: set[str] = set()
        for text in canonical:
            slot = self.content.of_canonical.get(text)
            if slot is None:
                new.add(text)
            else:
                found[text] = self.content.verdicts[slot]
        ordered = sorted(new)
        for start in range(0, len(ordered), BATCH):
            found.update(self._ask(model, ordered[start : start + BATCH]))
        return found

    def _ask(self, model: Model, batch: list[str]) -> dict[str, Verdict]:
        if not self.judged:
            # The weights are loaded only once, which is not part of the measured rate.
            model.verdicts(batch[:1])
        since = time.perf_counter()
        fresh = dict(zip(batch, model.verdicts(batch), strict=True))
        self.seconds += time.perf_counter() - since
        self.judged += len(batch)
        self.add(fresh)
        return fresh

    def clear(self) -> None:
        """Drop all cached verdicts."""
        self.content = CacheContent()
        self._text_bytes = 0

    def add(self, verdicts: Mapping[str, Verdict]) -> None:
        """Cache verdicts by canonical text, dropping the older half if the cache is full.

        More than ever fit are not cached: they are judged again when they come again.
        """
        size = _bytes_of(verdicts)
        if size > MOST_BYTES:
            return
        is_full = len(self.content.of_canonical) + len(verdicts) > CAPACITY
        while is_full or self._text_bytes + size > MOST_BYTES:
            self.content = self.content.without_old_verdicts()
            self._text_bytes = _bytes_of(self.content.of_canonical)
            is_full = False
        self._text_bytes += size
        for canonical, verdict in verdicts.items():
            if canonical not in self.content.of_canonical:
                self.content.add(canonical, verdict)

    def add_messages(self, messages: Sequence[str], canonical: Sequence[str | None]) -> None:
        """Cache the slots of messages, which are those of their canonical texts.

        A message whose text is not cached is looked up by its text again.
        """
        known = self.content.of_canonical
        found = (-1 if text is None else known.get(text, -1) for text in canonical)
        slots = np.fromiter(found, np.int64, len(messages))
        self.content.of_message.add(keys_of(messages)[slots >= 0], slots[slots >= 0])


def _bytes_of(texts: Iterable[str]) -> int:
    return sum(map(sys.getsizeof, texts))


_caches: WeakValueDictionary[str, VerdictCache] = WeakValueDictionary()
_caches_lock = threading.Lock()


def shared_cache(version: str) -> VerdictCache:
    """Return the cache of a model version; it is dropped with the last scorer of the model."""
    with _caches_lock:
        cache = _caches.get(version)
        if cache is None:
            cache = _caches[version] = VerdictCache()
        return cache
