"""What DuckDB 1 needs of the live functions, and 2.0 does not.

- Functions are declared with side effects. Otherwise it evaluates them on rows that a filter or a
  join would have removed (measured: 100 to 900 times as many). From 2.0 on they are pure: an alias
  of a call can then be used in ``WHERE``, and a call can order a window.
- ``coalesce`` and ``ifnull`` read the text of an Arrow result after its memory is freed
  (duckdb/duckdb#20606). So the text in a result lies in memory that is kept: few texts, such as the
  names of domains, are kept for good, and functions whose text is without limit return Python's
  own values, which DuckDB copies.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa

from fame_sql.canonical.arrays import array_of

IS_1 = duckdb.__version__.startswith("1.")
CANONICAL = "fame_canonical"
BY_ROW = {CANONICAL, "fame_explain"}
"""Functions whose results hold text of the message itself."""


class HeldTexts:
    """Texts that are kept as long as the functions exist; the memory of a text never moves."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._kept: list[pa.Array] = [array_of([], pa.string())]
        self._lock = threading.Lock()

    def encode(self, texts: pa.Array) -> pa.DictionaryArray:
        """Return the same texts, as places in memory that is kept."""
        found = texts.dictionary_encode()
        distinct = found.dictionary.to_pylist()
        with self._lock:
            new = [text for text in distinct if text not in self._places]
            if new:
                self._places.update({t: len(self._places) + i for i, t in enumerate(new)})
                # A longer array is a copy: those before it stay, for results that point to them.
                self._kept.append(array_of(list(self._places), pa.string()))
            kept = self._kept[-1]
        places = array_of([self._places[text] for text in distinct], pa.int32())
        return pa.DictionaryArray.from_arrays(places.take(found.indices), kept)


def held(
    compute: Callable[[pa.ChunkedArray], pa.Array], texts: HeldTexts
) -> Callable[[pa.ChunkedArray], pa.Array]:
    """Return a function whose results hold text in memory that is kept."""

    def held_compute(messages: pa.ChunkedArray) -> pa.Array:
        return _held(compute(messages), texts)

    return held_compute


def _held(array: pa.Array, texts: HeldTexts) -> pa.Array:
    if pa.types.is_string(array.type):
        return texts.encode(array)
    if not pa.types.is_struct(array.type):
        return array
    fields = [_held(field, texts) for field in array.flatten()]
    names = [field.name for field in array.type]
    return pa.StructArray.from_arrays(fields, names, mask=array.is_null())


def one_by_one(compute: Callable[[pa.Array], pa.Array]) -> Callable[[str | None], Any]:
    """Return a function of one message that returns a value of Python."""

    def compute_one(message: str | None) -> Any:
        return compute(array_of([message], pa.string()))[0].as_py()

    return compute_one
