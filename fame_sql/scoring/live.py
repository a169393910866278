"""Live scoring: verdicts on messages in Arrow arrays, independent of the SQL engine.

A :class:`LiveScorer` scores any text, seen before or not. Verdicts are cached by message and by
canonical text, so that a message is canonicalised once and an event scored once; stored verdicts
are used before the model is asked. All scorers of one model in a process share one cache.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fame_sql.canonical.canonical import Recipe
from fame_sql.models.explanation import Explanation
from fame_sql.models.model import Model
from fame_sql.verdict import Verdict

REMEMBERED = 500_000
"""Maximum number of messages, and of canonical texts, cached per model and process."""

BATCH = 16_384
"""Maximum number of canonical texts given to the model at once."""


@dataclass(frozen=True, slots=True)
class Known:
    """The content of a cache: slots in a list of verdicts that only grows.

    Readers hold no lock. A full cache is replaced, so that lock-free readers keep valid slots.
    """

    of_message: dict[str, int] = field(default_factory=dict)
    of_canonical: dict[str, int] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)

    def add(self, canonical: str, verdict: Verdict) -> None:
        """Store a verdict before its slot becomes visible."""
        self.verdicts.append(verdict)
        self.of_canonical[canonical] = len(self.verdicts) - 1

    def newer_half(self) -> Known:
        """Return a copy of the newer half of the cache."""
        recent = list(self.of_canonical.items())[len(self.of_canonical) // 2 :]
        kept = Known()
        moved = {}
        for canonical, slot in recent:
            kept.add(canonical, self.verdicts[slot])
            moved[slot] = len(kept.verdicts) - 1
        kept.of_message.update(
            {text: moved[slot] for text, slot in self.of_message.items() if slot in moved}
        )
        return kept

    def forget_messages(self) -> Known:
        """Return a copy without the older half of the messages."""
        recent = list(self.of_message.items())[len(self.of_message) // 2 :]
        return Known(dict(recent), self.of_canonical, self.verdicts)


class Memory:
    """The verdicts of one model in this process; one thread scores at a time."""

    def __init__(self) -> None:
        self.known = Known()
        self.lock = threading.Lock()
        self.judged = 0
        self.seconds = 0.0

    def judge(self, model: Model, canonical: Sequence[str]) -> dict[str, Verdict]:
        """Return the verdict on each text, asking the model for those that are not cached."""
        with self.lock:
            return self.judge_alone(model, canonical)

    def judge_alone(self, model: Model, canonical: Sequence[str]) -> dict[str, Verdict]:
        """Score texts; the caller holds the lock."""
        found: dict[str, Verdict] = {}
        new: set[str] = set()
        for text in canonical:
            slot = self.known.of_canonical.get(text)
            if slot is None:
                new.add(text)
            else:
                found[text] = self.known.verdicts[slot]
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
        self.remember(fresh)
        return fresh

    def remember(self, verdicts: Mapping[str, Verdict]) -> None:
        """Cache verdicts by canonical text, dropping the older half if the cache is full."""
        if len(self.known.of_canonical) + len(verdicts) > REMEMBERED:
            self.known = self.known.newer_half()
        for canonical, verdict in verdicts.items():
            if canonical not in self.known.of_canonical:
                self.known.add(canonical, verdict)

    def remember_messages(self, canonical_of: Mapping[str, str]) -> None:
        """Cache the slots of messages, which are those of their canonical texts."""
        if len(self.known.of_message) + len(canonical_of) > REMEMBERED:
            self.known = self.known.forget_messages()
        slots = self.known.of_canonical
        self.known.of_message.update(
            {text: slots[c] for text, c in canonical_of.items() if c in slots}
        )


_memories: WeakValueDictionary[str, Memory] = WeakValueDictionary()
_memories_lock = threading.Lock()


def memory_of(version: str) -> Memory:
    """Return the cache of a model version; it is dropped with the last scorer of the model."""
    with _memories_lock:
        memory = _memories.get(version)
        if memory is None:
            memory = _memories[version] = Memory()
        return memory


class LiveScorer:
    """Scores arrays of messages, from several threads at once.

    Parameters
    ----------
    recipe : Recipe
        Turns messages into canonical texts.
    load_model : callable
        Returns the model; called once, when a message first needs it.
    load_stored : callable, optional
        Returns the stored verdicts of that model, by canonical text.
    read_unseen : callable, optional
        Returns the policy for unseen templates; by default ``both``.
    """

    def __init__(
        self,
        recipe: Recipe,
        load_model: Callable[[], Model],
        load_stored: Callable[[Model], Mapping[str, Verdict]] | None = None,
        read_unseen: Callable[[], str] = lambda: "both",
    ) -> None:
        self.recipe = recipe
        self.read_unseen = read_unseen
        self._load_model = load_model
        self._load_stored = load_stored
        self._model: Model | None = None
        self._memory: Memory | None = None
        self._stored_is_read = False
        self._lock = threading.Lock()

    def model(self) -> Model:
        """Return the model; the first call loads it."""
        with self._lock:
            if self._model is None:
                self._model = self._load_model()
            return self._model

    @property
    def judged(self) -> int:
        """The number of texts that the model has scored, for all its scorers."""
        return self._memory.judged if self._memory else 0

    @property
    def seconds_each(self) -> float | None:
        """Measured seconds per text; None before the model has scored anything."""
        memory = self._memory
        return memory.seconds / memory.judged if memory and memory.judged else None

    def memory(self, *, stored: bool = True) -> Memory:
        """Return the cache of the model.

        Parameters
        ----------
        stored : bool
            Fill it with the stored verdicts first; the planner reads these itself.
        """
        model = self.model()
        with self._lock:
            memory = self._memory = self._memory or memory_of(model.version)
            if stored and not self._stored_is_read and self._load_stored is not None:
                with memory.lock:
                    memory.remember(self._load_stored(model))
            self._stored_is_read = self._stored_is_read or stored
            return memory

    def canonical(self, messages: pa.Array) -> pa.Array:
        """Return the canonical texts of messages, NULL for NULL."""
        return self.recipe.arrow(messages)

    def verdicts(self, messages: pa.Array) -> list[Verdict | None]:
        """Return a verdict for each message, None for NULL."""
        distinct, rows = self.distinct_verdicts(messages)
        return [distinct[row] for row in rows]

    def distinct_verdicts(
        self, messages: pa.Array
    ) -> tuple[list[Verdict | None], npt.NDArray[np.intp]]:
        """Return the distinct verdicts on messages, and which of them each message has.

        Returns
        -------
        distinct : list of Verdict or None
            None for NULL.
        rows : int array, shape (len(messages),)
            Indices into ``distinct``.
        """
        known = self.memory().known
        texts = messages.to_pylist()
        slots = list(map(known.of_message.get, texts))
        if None in slots:
            missing = {t for t, s in zip(texts, slots, strict=True) if s is None and t is not None}
            if missing:
                known = self._judge(sorted(missing), {t for t in texts if t is not None})
                slots = list(map(known.of_message.get, texts))
        numbers = np.array([-1 if slot is None else slot for slot in slots], dtype=np.int64)
        distinct, rows = np.unique(numbers, return_inverse=True)
        return [None if slot < 0 else known.verdicts[slot] for slot in distinct], rows

    def _judge(self, missing: list[str], wanted: set[str]) -> Known:
        """Score the missing messages, and return a cache content with all wanted ones.

        Only one thread does so at a time, so that no event is scored twice.
        """
        canonical = self.canonical(pa.array(missing, pa.string())).to_pylist()
        model, memory = self.model(), self.memory()
        with memory.lock:
            fresh = memory.judge_alone(model, canonical)
            memory.remember_messages(dict(zip(missing, canonical, strict=True)))
            known = memory.known
            if all(text in known.of_message for text in wanted):
                return known
        return self._verdicts_beyond_cache(wanted, fresh)

    def _verdicts_beyond_cache(self, wanted: set[str], fresh: Mapping[str, Verdict]) -> Known:
        """Return the verdicts of one vector that is too large for the cache."""
        texts = sorted(wanted)
        canonical = self.canonical(pa.array(texts, pa.string())).to_pylist()
        missing = [text for text in canonical if text not in fresh]
        verdicts = {**fresh, **self.memory().judge(self.model(), missing)}
        alone = Known()
        for text in dict.fromkeys(canonical):
            alone.add(text, verdicts[text])
        alone.of_message.update(
            {t: alone.of_canonical[c] for t, c in zip(texts, canonical, strict=True)}
        )
        return alone

    def explain(self, messages: pa.Array) -> list[Explanation | None]:
        """Return why each message has its score, None for NULL."""
        model = self.model()
        texts = self.canonical(messages).to_pylist()
        distinct = {
            text: model.explain(text) for text in sorted({t for t in texts if t is not None})
        }
        return [None if text is None else distinct[text] for text in texts]

    def templates(self, messages: pa.Array) -> list[str | None]:
        """Return the known template of each message; None if there is none."""
        model = self.model()
        texts = self.canonical(messages).to_pylist()
        matched = {text: model.match(text) for text in sorted({t for t in texts if t is not None})}
        found = [None if text is None else matched[text] for text in texts]
        return [None if template is None else template.text for template in found]
