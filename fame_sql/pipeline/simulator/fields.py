"""The fields of simulated messages, as samplers over one stream of random numbers.

Only ``random.Random.random`` is used, because Python guarantees its numbers for a seed.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TypeVar

from fame_sql.pipeline.simulator.shapes import table

Draw = Callable[[], float]
Sampler = Callable[[], str]
T = TypeVar("T")


def weighted(values: Sequence[T], weights: Sequence[float], draw: Draw) -> Callable[[], T]:
    """Return a sampler of values with these relative weights."""
    reached = list(accumulate(weights))
    total, last = reached[-1], len(values) - 1
    return lambda: values[min(bisect(reached, draw() * total), last)]


def zipf(values: Sequence[T], draw: Draw) -> Callable[[], T]:
    """Return a sampler of values, in which the n-th has a weight of 1/n."""
    return weighted(values, [1 / rank for rank in range(1, len(values) + 1)], draw)


class Fields:
    """The fields of ``simulator_fields.csv``.

    A field is one of: ``words`` (most frequent first), ``text`` (a pattern of other fields),
    ``pool`` (a fixed number of values of a pattern, drawn once), ``integer`` (minimum and
    maximum), ``heavy`` (a Pareto tail: minimum, exponent, maximum) or ``hex`` (digits).
    """

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._rows = {row["field"]: row for row in table("simulator_fields")}
        self._samplers: dict[str, Sampler] = {}
        self._kinds: dict[str, Callable[[str], Sampler]] = {
            "words": lambda values: zipf(values.split(), draw),
            "text": self.pattern,
            "pool": self._pool,
            "integer": self._integer,
            "heavy": self._heavy,
            "hex": self._hex,
        }

    def pattern(self, text: str) -> Sampler:
        """Return a sampler of a text with ``{fields}``."""
        pieces = re.split(r"\{(\w+)\}", text)
        form = "%s".join(piece.replace("%", "%%") for piece in pieces[::2])
        samplers = [self._field(name) for name in pieces[1::2]]
        return lambda: form % tuple([sample() for sample in samplers])

    def _field(self, name: str) -> Sampler:
        if name not in self._samplers:
            row = self._rows[name]
            self._samplers[name] = self._kinds[row["kind"]](row["values"])
        return self._samplers[name]

    def _pool(self, values: str) -> Sampler:
        size, text = values.split(" ", 1)
        sample = self.pattern(text)
        return zipf([sample() for _ in range(int(size))], self._draw)

    def _integer(self, values: str) -> Sampler:
        least, largest = map(int, values.split())
        draw, width = self._draw, largest - least + 1
        return lambda: str(least + int(draw() * width))

    def _heavy(self, values: str) -> Sampler:
        least, exponent, largest = map(float, values.split())
        draw, power = self._draw, -1 / exponent
        return lambda: str(int(min(least * (1 - draw()) ** power, largest)))

    def _hex(self, values: str) -> Sampler:
        digits, draw = int(values), self._draw
        return lambda: f"{int(draw() * 16**digits):0{digits}x}"
