"""Fitting: values are used where they tell more than the event's verdict, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from fame_sql.values.fitting import LabelledMessages, fit

pytestmark = pytest.mark.any_duckdb

DISKS = [f"disk dev-{n} is {40 + n}% full" for n in range(60)]


def labelled(messages: list[str], anomalous: list[bool], verdict: float = 0.3) -> LabelledMessages:
    return LabelledMessages(messages, np.array(anomalous), np.full(len(messages), verdict))


def test_a_boundary_within_a_decade_is_found_and_named() -> None:
    head = fit("t", labelled(DISKS, [40 + n >= 92 for n in range(60)]))
    assert head is not None
    assert head.score("disk dev-3 is 98% full", 0.3) > 0.9
    assert head.score("disk dev-3 is 90% full", 0.3) < 0.1
    [(name, weight)] = head.named("disk dev-3 is 98% full")
    assert (name, weight > 0) == ("is 98%", True)
    assert fit("t", labelled(DISKS, [40 + n >= 92 for n in range(60)])) == head


@pytest.mark.parametrize("last", ["503", "/etc/shadow", "7.5"])
def test_a_category_is_found(last: str) -> None:
    others = ["500", "501", "/tmp/a"] if last == "503" else ["/var/log", "3"]
    words = [others[n % len(others)] if n % 4 else last for n in range(40)]
    head = fit("t", labelled([f"answered {word}" for word in words], [w == last for w in words]))
    assert head is not None
    assert head.score(f"answered {last}", 0.3) > 0.5 > head.score(f"answered {others[0]}", 0.3)


def test_an_event_that_knows_its_labels_keeps_its_verdict() -> None:
    truth = np.array([n >= 52 for n in range(60)])
    certain = LabelledMessages(DISKS, truth, np.where(truth, 0.9999, 0.0001))
    assert fit("t", certain) is None


@pytest.mark.parametrize(
    ("messages", "anomalous"),
    [
        (DISKS, [n == 0 for n in range(60)]),
        (DISKS, [False] * 60),
        (["the same message"] * 20, [n % 2 == 0 for n in range(20)]),
        (["a", "a b", ""] * 8, [n % 2 == 0 for n in range(24)]),
    ],
)
def test_no_head_without_labels_or_values_enough(
    messages: list[str], anomalous: list[bool]
) -> None:
    assert fit("t", labelled(messages, anomalous)) is None
