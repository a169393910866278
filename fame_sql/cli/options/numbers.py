"""Numbers that options take, with the ranges that are allowed."""

from __future__ import annotations

import math
from typing import Any

import click


class Number(click.FloatRange):
    """A range that neither 'nan' nor 'inf' is in: no comparison says that 'nan' is outside."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, refused if it is none."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


MOST = 2**31 - 1
COUNT = click.IntRange(1, MOST)
COUNT_OR_NONE = click.IntRange(0, MOST)
YEAR = click.IntRange(1, 9999)
SEED = click.IntRange(0, 2**32 - 1)
SHARE = Number(0, 1, min_open=True)
FALSE_ALARMS = Number(0, 1_000_000, min_open=True, max_open=True)
SECONDS = Number(0, 86_400)
