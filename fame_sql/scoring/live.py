"""Live scoring: verdicts on messages in Arrow arrays, independent of the SQL engine.

A :class:`LiveScorer` scores any text, seen before or not. Verdicts are cached by message and by
canonical text, so that a message is canonicalised once and an event scored once; stored verdicts
are used before the model is asked. All scorers of one model in a process share one cache.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fame_sql.canonical.arrays import array_of
from fame_sql.canonical.canonical import Recipe
from fame_sql.models.explanation import Explanation
from fame_sql.models.model import Model
from fame_sql.scoring.cache import CacheContent, VerdictCache, shared_cache
from fame_sql.scoring.message_slots import Keys, Slots, keys_of
from fame_sql.templates.answers import NO_ANSWERS, Answers
from fame_sql.values.heads import NO_HEADS, ValueHeads
from fame_sql.verdict import Verdict


class LiveScorer:
    """Scores arrays of messages, from several threads at once.

    Parameters
    ----------
    recipe : Recipe
        Turns messages into canonical texts.
    load_model : callable
        Returns the model; called once, when a message first needs it.
    load_stored : callable, optional
        Returns the verdicts of that model that are stored, by canonical text. It is asked only for
        models with an encoder: words take no longer to judge a text than to look it up.
    read_unseen : callable, optional
        Returns the policy for unseen templates; by default ``queue``.
    read_answers : callable, optional
        Returns the answers in force, which decide over the model; by default there are none.
    home : Path, optional
        The file of the warehouse whose champion the model is: only there are verdicts stored.
    """

    def __init__(
        self,
        recipe: Recipe,
        load_model: Callable[[], Model],
        load_stored: Callable[[Model, list[str]], Mapping[str, Verdict]] | None = None,
        read_unseen: Callable[[], str] = lambda: "queue",
        read_answers: Callable[[], Answers] = lambda: NO_ANSWERS,
        home: Path | None = None,
    ) -> None:
        self.recipe = recipe
        self.read_unseen = read_unseen
        self.read_answers = read_answers
        self.home = home
        self._load_model = load_model
        self._load_stored = load_stored
        self._model: Model | None = None
        self._cache: VerdictCache | None = None
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
        return self._cache.judged if self._cache else 0

    @property
    def seconds_each(self) -> float | None:
        """Measured seconds per text; None before the model has scored anything."""
        cache = self._cache
        return cache.seconds / cache.judged if cache and cache.judged else None

    def cache(self) -> VerdictCache:
        """Return the cache of the model."""
        model = self.model()
        with self._lock:
            self._cache = self._cache or shared_cache(model.version)
            return self._cache

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
        content = self.cache().content
        texts = messages.to_pylist()
        keys = keys_of(texts)
        slots = content.of_message.find(keys)
        missing = {texts[row] for row in np.flatnonzero(slots < 0).tolist()} - {None}
        if missing:
            content, slots = self._judge(sorted(missing), texts, keys)
        distinct, rows = np.unique(slots, return_inverse=True)
        answers = self.read_answers()
        heads = self.model().heads
        if heads:
            return _by_value(content, heads, answers, texts, slots.tolist())
        if not answers:  # Most often: then nothing is to be decided for each of them.
            kept = content.verdicts
            return [kept[slot] if slot >= 0 else None for slot in distinct.tolist()], rows
        return [_decided(content, slot, answers) for slot in distinct.tolist()], rows

    def _judge(
        self, missing: list[str], texts: Sequence[str | None], keys: Keys
    ) -> tuple[CacheContent, Slots]:
        """Score the missing messages, and return a cache content and the slots of all there.

        Only one thread does so at a time, so that no event is scored twice.
        """
        canonical = self.canonical(array_of(missing, pa.string())).to_pylist()
        model, cache = self.model(), self.cache()
        with cache.lock:
            if model.has_encoder:
                self._recall(model, cache, canonical)
            fresh = cache.judge_locked(model, canonical)
            cache.add_messages(missing, canonical)
            content = cache.content
            slots = content.of_message.find(keys)
        if all(texts[row] is None for row in np.flatnonzero(slots < 0).tolist()):
            return content, slots
        content = self._verdicts_beyond_cache({t for t in texts if t is not None}, fresh)
        return content, content.of_message.find(keys)

    def remember(self, messages: list[str], canonical: list[str]) -> None:
        """Cache the stored verdicts on messages, so that they are not judged when they are asked.

        Parameters
        ----------
        messages, canonical : list of str
            The messages and their canonical texts; those without a stored verdict are left out.
        """
        model, cache = self.model(), self.cache()
        with cache.lock:
            self._recall(model, cache, canonical)
            cache.add_messages(messages, canonical)

    def _recall(self, model: Model, cache: VerdictCache, canonical: list[str]) -> None:
        """Cache the stored verdicts on texts; the caller holds the lock of the cache."""
        if self._load_stored is not None:
            known = cache.content.of_canonical
            new = sorted({text for text in canonical if text not in known})
            cache.add(self._load_stored(model, new) if new else {})

    def _verdicts_beyond_cache(
        self, wanted: set[str], fresh: Mapping[str, Verdict]
    ) -> CacheContent:
        """Return the verdicts of one vector that is too large for the cache."""
        texts = sorted(wanted)
        canonical = self.canonical(array_of(texts, pa.string())).to_pylist()
        missing = [text for text in canonical if text not in fresh]
        verdicts = {**fresh, **self.cache().judge(self.model(), missing)}
        alone = CacheContent()
        for text in dict.fromkeys(canonical):
            alone.add(text, verdicts[text])
        slots = np.array([alone.of_canonical[text] for text in canonical], dtype=np.int64)
        alone.of_message.add(keys_of(texts), slots)
        return alone

    def explain(self, messages: pa.Array) -> list[Explanation | None]:
        """Return why each message has its score, None for NULL."""
        model = self.model()
        texts = self.canonical(messages).to_pylist()
        canonical = dict(zip(messages.to_pylist(), texts, strict=True))
        if not model.heads:
            canonical = {text: text for text in texts}
        distinct = {
            message: model.explain_message(message, text)
            for message, text in canonical.items()
            if message is not None and text is not None
        }
        keys = messages.to_pylist() if model.heads else texts
        return [None if key is None else distinct[key] for key in keys]

    def templates(self, messages: pa.Array) -> list[str | None]:
        """Return the known template of each message; None if there is none."""
        model = self.model()
        texts = self.canonical(messages).to_pylist()
        matched = {text: model.match(text) for text in sorted({t for t in texts if t is not None})}
        found = [None if text is None else matched[text] for text in texts]
        return [None if template is None else template.text for template in found]


def _by_value(
    content: CacheContent,
    heads: ValueHeads,
    answers: Answers,
    texts: list[str | None],
    slots: list[int],
) -> tuple[list[Verdict | None], npt.NDArray[np.intp]]:
    """Return the distinct verdicts where values decide some: those of events, and of messages."""
    numbers: dict[int | str, int] = {}
    distinct: list[Verdict | None] = []
    rows = np.empty(len(texts), dtype=np.intp)
    for at, (text, slot) in enumerate(zip(texts, slots, strict=True)):
        is_judged = text is not None and heads.head_of(content.verdicts[slot]) is not None
        key = text if text is not None and is_judged else slot
        if key not in numbers:
            numbers[key] = len(distinct)
            distinct.append(_decided(content, slot, answers, heads, text))
        rows[at] = numbers[key]
    return distinct, rows


def _decided(
    content: CacheContent,
    slot: int,
    answers: Answers,
    heads: ValueHeads = NO_HEADS,
    message: str | None = None,
) -> Verdict | None:
    """Return the verdict of a slot, decided by values and answers if there are; None below 0."""
    if slot < 0:
        return None
    verdict = content.verdicts[slot]
    if message is not None:
        verdict = heads.judge(message, verdict)
    return answers.decide(content.texts[slot], verdict)
