"""Reading JSON that somebody else wrote."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

_MOST = 1 << 64


def parse_json(text: str) -> Any:
    """Return the value of a JSON text whose numbers can be computed with.

    Python's own reader takes ``NaN``, makes ``1e400`` infinite and reads whole numbers of
    thousands of digits, which fail much later, far from the file.

    Parameters
    ----------
    text : str
        The text.

    Raises
    ------
    ValueError
        If it is not JSON, is nested too deeply, or has a number that is not finite or has more
        than 64 bits.
    """
    try:
        return json.loads(
            text, parse_constant=_refuse, parse_float=_finite, parse_int=_whole_of_64_bits
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits[:40]} is too large")
    return number


def _whole_of_64_bits(digits: str) -> int:
    number = int(digits)
    if not -_MOST < number < _MOST:
        raise ValueError(f"the number {digits[:40]} is too large")
    return number
