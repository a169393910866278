"""Whose turn it is to write."""

from __future__ import annotations

import threading
import time

import pytest

from fame_sql.serve.turn import Turn, Turns

pytestmark = pytest.mark.any_duckdb


def _waiting(turn: Turn, count: int) -> None:
    while len(turn._waiting) < count:
        time.sleep(0.001)


def test_threads_write_in_the_order_in_which_they_asked() -> None:
    turn, order = Turn(), list[int]()

    def write(number: int) -> None:
        with turn:
            order.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]
    with turn:
        for number, thread in enumerate(threads):
            thread.start()
            _waiting(turn, number + 1)
        with turn:  # Whoever holds it can take it again.
            assert order == []
    with turn:
        # Who lets it go and asks again comes after those who wait.
        assert order == [0, 1, 2, 3, 4]


def test_a_part_waits_for_no_turn_but_its_own() -> None:
    lines, rounds = Turn(), Turn()
    ended = threading.Event()

    def command() -> None:
        with Turns(rounds, lines):
            ended.set()

    with rounds:
        thread = threading.Thread(target=command)
        thread.start()
        _waiting(rounds, 1)
        with lines:  # A sender's lines are stored while a round goes on.
            assert not ended.is_set()
    thread.join(5)
    assert ended.is_set()


def test_an_error_hands_the_turn_on() -> None:
    turn = Turn()
    with pytest.raises(ValueError, match="broken"), turn:
        raise ValueError("broken")
    with Turns(turn):
        pass
    assert turn._holder == 0
