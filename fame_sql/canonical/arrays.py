"""Arrow arrays of Python's values, without pandas.

``pa.array`` imports pandas where that is installed, which takes half a second of a first score.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_MOST_BYTES = (1 << 31) - 1


def array_of(values: Sequence[Any], type: pa.DataType) -> pa.Array:
    """Return an array of strings, truth values, numbers or structs; None is NULL.

    Parameters
    ----------
    values : sequence
        The values; a dictionary for a struct.
    type : pyarrow.DataType
        Their type.
    """
    if pa.types.is_struct(type):
        rows = [{} if value is None else value for value in values]
        fields = [array_of([row.get(f.name) for row in rows], f.type) for f in type]
        missing = array_of([value is None for value in values], pa.bool_())
        return pa.StructArray.from_arrays(fields, fields=list(type), mask=missing)
    kept = [value is not None for value in values]
    valid = None if all(kept) else pa.py_buffer(_bits(np.array(kept)))
    if pa.types.is_string(type):
        return pa.Array.from_buffers(type, len(values), [valid, *_text_buffers(values)])
    if not (pa.types.is_integer(type) or pa.types.is_floating(type) or pa.types.is_boolean(type)):
        return pa.array(values, type)
    dense = [0 if value is None else value for value in values]
    plain = np.array(dense, dtype=type.to_pandas_dtype())
    data = _bits(plain) if pa.types.is_boolean(type) else plain
    return pa.Array.from_buffers(type, len(values), [valid, pa.py_buffer(data)])


def indices(rows: npt.NDArray[np.intp]) -> pa.Array:
    """Return places in another array as an Arrow array."""
    return pa.Array.from_buffers(
        pa.int64(), len(rows), [None, pa.py_buffer(np.ascontiguousarray(rows, np.int64))]
    )


def _text_buffers(values: Sequence[str | None]) -> list[pa.Buffer]:
    texts = [b"" if value is None else value.encode() for value in values]
    ends = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in texts], out=ends[1:])
    if ends[-1] > _MOST_BYTES:
        raise ValueError(f"{ends[-1]} bytes of text, more than one array holds")
    return [pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(b"".join(texts))]


def _bits(values: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    return np.packbits(values, bitorder="little")
