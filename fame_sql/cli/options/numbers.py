"""Numbers that options take, with the ranges that are allowed."""

from __future__ import annotations

import click

COUNT = click.IntRange(min=1)
SEED = click.IntRange(0, 2**32 - 1)
SHARE = click.FloatRange(0, 1, min_open=True)
FALSE_ALARMS = click.FloatRange(0, 1_000_000, min_open=True, max_open=True)
