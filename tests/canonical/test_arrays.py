"""Arrow arrays that are made without pandas."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from fame_sql.canonical.arrays import array_of, indices

pytestmark = pytest.mark.any_duckdb

STRUCT = pa.struct([("text", pa.string()), ("score", pa.float64()), ("known", pa.bool_())])


@pytest.mark.parametrize(
    ("type", "values"),
    [
        (pa.string(), ["a", None, "", "é😀"]),
        (pa.float64(), [0.5, None, -1.0]),
        (pa.int32(), [1, 2]),
        (pa.bool_(), [True, None, False] * 5),
        (STRUCT, [{"text": "x", "score": 0.5, "known": None}, None]),
        (pa.list_(pa.string()), [["a"], None]),
    ],
)
def test_an_array_is_that_of_arrow(type: pa.DataType, values: list[object]) -> None:
    for given in (values, values[:1], []):
        made = array_of(given, type)
        made.validate(full=True)
        assert made.equals(pa.array(given, type))


def test_indices_are_whole_numbers() -> None:
    assert indices(np.array([4, 0, 2])[::2]).equals(pa.array([4, 2]))


def test_pandas_is_not_imported() -> None:
    code = (
        "import sys, pyarrow as pa; from fame_sql.canonical.arrays import array_of; "
        "array_of(['a', None], pa.string()), array_of([1.0], pa.float64()); "
        "raise SystemExit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
