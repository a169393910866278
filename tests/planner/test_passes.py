"""The passes of the planner: each says what it does to SQL, and why it refuses."""

from __future__ import annotations

import duckdb
import pytest

from fame_sql.planner import make_plan
from fame_sql.planner.passes import AFTER, BEFORE, PER_CALL, PER_MESSAGE
from fame_sql.udfs.duckdb import scorer_of

pytestmark = pytest.mark.any_duckdb


@pytest.mark.parametrize("step", [*BEFORE, *PER_CALL, *PER_MESSAGE, *AFTER])
def test_each_pass_shows_sql_before_and_after(step: object) -> None:
    documented = (step.__doc__ or "").lower()
    assert "before" in documented
    assert "after" in documented


def test_a_pass_is_named_once() -> None:
    names = [step.__name__ for step in (*BEFORE, *PER_CALL, *PER_MESSAGE, *AFTER)]
    assert len(set(names)) == len(names)


def test_a_connection_without_live_functions_is_left_alone() -> None:
    with duckdb.connect() as bare:
        assert scorer_of(bare) is None
        assert make_plan(bare, "SELECT fame_score('a')").reason
