"""Which verdict each message has, for millions of messages: 64 bits of each, not its text.

Python's hash of a text is keyed by a secret of the process, so nobody can write two messages with
one hash. Among ten million messages, two have one by accident in one of 300,000 processes. A
look-up takes arrays: a call for each message costs more than all else in a large statement.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MOST = 1 << 23
"""The most messages that are remembered, 24 bytes each; of more, the older half is forgotten."""

_LEAST = 1 << 12
Keys = npt.NDArray[np.uint64]
Slots = npt.NDArray[np.int64]

# A hash that the environment fixes is no secret.
_FIXED = os.environ.get("PYTHONHASHSEED", "random") != "random"
_SALT = secrets.token_hex(8) if _FIXED else ""


def keys_of(texts: Sequence[str | None]) -> Keys:
    """Return the keys of messages; what is none has one too, which no message has."""
    salted = [None if text is None else _SALT + text for text in texts] if _SALT else texts
    keys = np.fromiter(map(hash, salted), np.int64, len(texts)).view(np.uint64)
    keys[keys == 0] = 1  # An empty place has the key 0.
    return keys


class MessageSlots:
    """The slots of messages in a list of verdicts; those who look up need no lock."""

    def __init__(self) -> None:
        self._parts = (_Places(_LEAST), _Places(_LEAST))

    def __len__(self) -> int:
        return sum(part.count for part in self._parts)

    def find(self, keys: Keys) -> Slots:
        """Return the slot of each message, -1 for what is not known."""
        newer, older = self._parts
        found = newer.find(keys)
        if older.count:
            left = np.flatnonzero(found < 0)
            found[left] = older.find(keys[left])
        return found

    def add(self, keys: Keys, slots: Slots) -> None:
        """Take note of messages; one thread at a time."""
        fresh, first = np.unique(keys, return_index=True)
        unknown = self.find(fresh) < 0
        fresh, slots = fresh[unknown], slots[first[unknown]]
        newer, _ = self._parts
        if newer.count + len(fresh) > MOST // 2 and newer.count:
            newer = _Places(_LEAST)
            self._parts = (newer, self._parts[0])
        if len(fresh) <= MOST // 2:
            self._parts = (newer.with_more(fresh, slots), self._parts[1])

    def moved(self, places: Slots) -> MessageSlots:
        """Return the same messages after their verdicts have moved; -1 is where one is dropped."""
        kept = MessageSlots()
        for part in reversed(self._parts):
            keys, slots = part.content()
            slots = places[slots]
            kept.add(keys[slots >= 0], slots[slots >= 0])
        return kept


class _Places:
    """A table with open places; a key lies at its own place, or behind it."""

    def __init__(self, size: int) -> None:
        self._keys = np.zeros(size, np.uint64)
        self._slots = np.zeros(size, np.int32)
        self.count = 0

    def find(self, keys: Keys) -> Slots:
        found = np.full(len(keys), -1, np.int64)
        rows = np.arange(len(keys))
        places = self._own(keys)
        while len(rows):
            held = self._keys[places]
            hit = held == keys
            found[rows[hit]] = self._slots[places[hit]]
            behind = (held != 0) & ~hit
            rows, keys = rows[behind], keys[behind]
            places = self._next(places[behind])
        return found

    def with_more(self, keys: Keys, slots: Slots) -> _Places:
        """Return the table with new keys: itself, or a larger one."""
        table, size = self, len(self._keys)
        while 2 * (self.count + len(keys)) > size:
            size *= 2
        if size > len(self._keys):
            table = _Places(size)
            table._fill(*self.content())
        table._fill(keys, slots)
        return table

    def content(self) -> tuple[Keys, Slots]:
        used = self._keys != 0
        return self._keys[used], self._slots[used].astype(np.int64)

    def _fill(self, keys: Keys, slots: Slots) -> None:
        self.count += len(keys)
        places = self._own(keys)
        while len(keys):
            _, first = np.unique(places, return_index=True)
            first = first[self._keys[places[first]] == 0]
            # The slot before the key: who finds a key, finds its slot.
            self._slots[places[first]] = slots[first]
            self._keys[places[first]] = keys[first]
            left = np.ones(len(keys), bool)
            left[first] = False
            keys, slots = keys[left], slots[left]
            places = self._next(places[left])

    def _own(self, keys: Keys) -> Slots:
        return (keys & np.uint64(len(self._keys) - 1)).astype(np.int64)

    def _next(self, places: Slots) -> Slots:
        return (places + 1) & (len(self._keys) - 1)
