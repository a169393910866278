"""A training reads the warehouse once: before anything is trained."""

from __future__ import annotations

from collections import Counter
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from fame_sql.scoring.policy import store_target
from fame_sql.students import StudentConfig
from fame_sql.students.runtime import Runtime
from fame_sql.training import training
from fame_sql.training.context import inputs_hash, read_context
from fame_sql.training.training import train_students
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Every statement that is read through a warehouse."""
    counted: Counter[str] = Counter()
    for name in ("rows", "records"):
        real = getattr(Warehouse, name)

        def counting(self: Warehouse, statement: str, *rest: Any, real: Any = real) -> Any:
            counted[statement] += 1
            return real(self, statement, *rest)

        monkeypatch.setattr(Warehouse, name, counting)
    return counted


@pytest.mark.slow
@pytest.mark.parametrize("again", [False, True])
def test_nothing_is_read_twice(
    opened: Warehouse, tiny: StudentConfig, reads: Counter[str], again: bool
) -> None:
    assert train_students(opened, config=tiny, again=again).trained == again
    assert reads["SELECT * FROM fame.champion"] == 1
    assert set(reads.values()) == {1}


@pytest.mark.slow
def test_what_trains_is_given_no_warehouse(
    opened: Warehouse, tiny: StudentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []
    for name in ("plan_training", "training_metrics", "_fit", "_save"):
        real = getattr(training, name)

        def watched(*values: Any, real: Any = real, **named: Any) -> Any:
            given.extend([*values, *named.values()])
            return real(*values, **named)

        monkeypatch.setattr(training, name, watched)
    train_students(opened, config=tiny, again=True)
    assert given
    assert not any(isinstance(value, Warehouse) for value in given)


def test_the_context_is_frozen_and_holds_what_was_asked_for(
    opened: Warehouse, tiny: StudentConfig
) -> None:
    context = read_context(opened)
    assert context.config == tiny
    assert context.is_trained
    assert context.keeps_runtime
    assert context.inputs == inputs_hash(opened, tiny)
    with pytest.raises(FrozenInstanceError):
        context.target = 1.0  # type: ignore[misc]
    store_target(opened, 1000)
    moved = read_context(opened, runtime=Runtime("onnx"))
    assert moved.target == 1000
    assert not moved.is_trained
    assert not moved.keeps_runtime
    assert context.target is None
