from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.domains.grouping import MAX_NAME, slug, unique_slugs

pytestmark = pytest.mark.any_duckdb


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kernel cache: parity!", "kernel-cache-parity"),
        ("déjà vu", "deja-vu"),
        ("--a--", "a"),
        ("磁盘", ""),
        ("\x1b[31mred\u202e", "31mred"),
        ("", ""),
        ("x" * 39 + "-yz", "x" * 39),
        ("DROP TABLE fame.logs; --", "drop-table-fame-logs"),
    ],
)
def test_slug(text: str, expected: str) -> None:
    assert slug(text) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["A", "a"], ["a-2", "a"]),
        (["a", "a", "a-2"], ["a", "a-3", "a-2"]),
        (["", "?", "domain-2"], ["domain-1", "domain-2-2", "domain-2"]),
        (["x" * 60, "x" * 50], ["x" * 40, "x" * 38 + "-2"]),
    ],
)
def test_unique_slugs(names: list[str], expected: list[str]) -> None:
    assert unique_slugs(names) == expected


@given(st.lists(st.text(max_size=50) | st.sampled_from(["a", "a-2", "A", " "]), max_size=12))
def test_names_are_always_unique_slugs_that_stay(names: list[str]) -> None:
    found = unique_slugs(names)
    assert len(set(found)) == len(found) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", n) and len(n) <= MAX_NAME for n in found)
    assert unique_slugs(found) == found
