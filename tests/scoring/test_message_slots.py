"""The slots of messages: a table of keys against a plain dictionary."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from fame_sql.scoring import message_slots
from fame_sql.scoring.message_slots import MessageSlots, keys_of

pytestmark = pytest.mark.any_duckdb

# Few bits decide the place: keys that lie at one place, and at the last one, come often.
_KEYS = some.builds(
    lambda low, high: low | high << 40, some.sampled_from([1, 2, 4095]), some.integers(0, 99)
)


@given(some.lists(some.lists(some.tuples(_KEYS, some.integers(0, 1000)), max_size=60), max_size=8))
def test_a_table_finds_what_a_dictionary_finds(parts: list[list[tuple[int, int]]]) -> None:
    slots, known = MessageSlots(), dict[int, int]()
    for part in parts:
        keys = np.array([key for key, _ in part], np.uint64)
        slots.add(keys, np.array([slot for _, slot in part], np.int64))
        known = dict(reversed(part)) | known
    assert len(slots) == len(known)
    wanted = np.array([*known, 3, 4096], np.uint64)
    assert slots.find(wanted).tolist() == [*known.values(), -1, -1]


def test_the_older_half_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_slots, "MOST", 2000)
    slots = MessageSlots()
    for start in range(1, 5000, 100):
        slots.add(np.arange(start, start + 100, dtype=np.uint64), np.full(100, 7))
    found = slots.find(np.arange(1, 5000, dtype=np.uint64))
    assert len(slots) <= 2000
    assert set(found[-1000:]) == {7}
    assert set(found[:2000]) == {-1}


def test_messages_follow_verdicts_that_move() -> None:
    slots = MessageSlots()
    keys = keys_of([f"message {number}" for number in range(10_000)])
    slots.add(keys, np.arange(10_000))
    places = np.where(np.arange(10_000) < 4000, -1, np.arange(10_000) - 4000)
    assert slots.moved(places).find(keys).tolist() == places.tolist()


def test_what_is_none_is_never_found() -> None:
    slots = MessageSlots()
    slots.add(keys_of(["", "a"]), np.array([0, 1]))
    assert slots.find(keys_of([None, "a", "", "b"])).tolist() == [-1, 1, 0, -1]


def test_a_hash_that_the_environment_fixes_is_salted() -> None:
    told = "from fame_sql.scoring.message_slots import keys_of; print(keys_of(['a', None])[0])"
    found = {
        subprocess.run(
            [sys.executable, "-c", told],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": "1", "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for _ in range(2)
    }
    assert len(found) == 2
