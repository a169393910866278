"""Verdicts on messages as they come: engine-free, over Arrow arrays.

A :class:`LiveScorer` answers for any text, seen or not. Verdicts are remembered by message and
by canonical text, so that a message is canonicalised once and an event judged once; stored
scores are taken before the model is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

import pyarrow as pa

from fame_sql.canonical import Recipe
from fame_sql.model import Model, Verdict

REMEMBERED = 500_000
"""At most so many messages, and so many canonical texts, are remembered a process."""

_Value = TypeVar("_Value")


class LiveScorer:
    """Judges arrays of messages, for several threads at once.

    Parameters
    ----------
    recipe : Recipe
        How canonical text is made.
    load_model : callable
        Returns the model; called once, at the first message that needs it.
    load_stored : callable, optional
        Returns the verdicts stored for that model, by canonical text.
    """

    def __init__(
        self,
        recipe: Recipe,
        load_model: Callable[[], Model],
        load_stored: Callable[[Model], Mapping[str, Verdict]] | None = None,
    ) -> None:
        self.recipe = recipe
        self._load_model = load_model
        self._load_stored = load_stored
        self._model: Model | None = None
        self._of_message: dict[str, Verdict] = {}
        self._of_canonical: dict[str, Verdict] = {}
        self._lock = threading.Lock()
        self.judged = 0

    def model(self) -> Model:
        """Return the model, loading it at the first call."""
        with self._lock:
            return self._loaded()

    def _loaded(self) -> Model:
        if self._model is None:
            model = self._load_model()
            if self._load_stored is not None:
                self._of_canonical.update(self._load_stored(model))
            self._model = model
        return self._model

    def canonical(self, messages: pa.Array) -> pa.Array:
        """Return the canonical texts of messages, NULL for NULL."""
        return self.recipe.arrow(messages)

    def verdicts(self, messages: pa.Array) -> list[Verdict | None]:
        """Return a verdict for each message, None for NULL."""
        remembered = self._of_message
        texts = messages.to_pylist()
        found = [remembered.get(text) for text in texts]
        missing = {
            text for text, v in zip(texts, found, strict=True) if v is None and text is not None
        }
        if not missing:
            return found
        fresh = self._judge(sorted(missing))
        return [
            fresh.get(text) if verdict is None and text is not None else verdict
            for text, verdict in zip(texts, found, strict=True)
        ]

    def _judge(self, messages: list[str]) -> dict[str, Verdict]:
        """Judge distinct messages; one thread at a time, so no event is judged twice."""
        canonical = self.canonical(pa.array(messages, pa.string())).to_pylist()
        with self._lock:
            model = self._loaded()
            known = {text: self._of_canonical.get(text) for text in canonical}
            new = sorted(text for text, verdict in known.items() if verdict is None)
            judged = dict(zip(new, model.verdicts(new), strict=True))
            self.judged += len(new)
            fresh = {
                message: known[text] or judged[text]
                for message, text in zip(messages, canonical, strict=True)
            }
            self._of_canonical = _with_room(self._of_canonical, judged)
            self._of_message = _with_room(self._of_message, fresh)
        return fresh

    def explain(self, messages: pa.Array) -> list[list[tuple[str, float]] | None]:
        """Return, for each message, what each of its words adds to the score."""
        model = self.model()
        texts = self.canonical(messages).to_pylist()
        distinct = {
            text: model.explain(text) for text in sorted({t for t in texts if t is not None})
        }
        return [None if text is None else distinct[text] for text in texts]

    def templates(self, messages: pa.Array) -> list[str | None]:
        """Return the known template of each message, None where there is none."""
        model = self.model()
        texts = self.canonical(messages).to_pylist()
        matched = {text: model.match(text) for text in sorted({t for t in texts if t is not None})}
        found = [None if text is None else matched[text] for text in texts]
        return [None if template is None else template.text for template in found]


def _with_room(remembered: dict[str, _Value], new: dict[str, _Value]) -> dict[str, _Value]:
    """Add what is new; where that would be too much, forget the oldest half first.

    Readers hold no lock, so a dictionary that is full is replaced, never emptied.
    """
    if len(remembered) + len(new) > REMEMBERED:
        oldest = len(remembered) // 2
        remembered = dict(list(remembered.items())[oldest:])
    remembered.update(new)
    return remembered
