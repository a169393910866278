"""Prices of tokens: a dated table that users can override, and estimates of token counts."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fame_sql.errors import InputError
from fame_sql.files import parse_json

OVERRIDE = "FAME_PRICES"
_BYTES_A_TOKEN = 3
_MILLION = 1_000_000


@dataclass(frozen=True)
class PriceTable:
    """Prices per million tokens by model, as of a date.

    Parameters
    ----------
    dated : str
        The date of the prices.
    models : dict
        (input, output) in USD per million tokens, by the model's name.
    """

    dated: str
    models: dict[str, tuple[float, float]]

    def cost(self, model: str, tokens_in: int, tokens_out: int) -> float | None:
        """Return the price in USD, or None for a model that is not in the table."""
        prices = self.models.get(model)
        if prices is None:
            return None
        return (tokens_in * prices[0] + tokens_out * prices[1]) / _MILLION


def read_prices(path: Path | None = None) -> PriceTable:
    """Return the built-in price table, overridden by the user's own.

    Parameters
    ----------
    path : Path, optional
        A file in the same format; by default the one that ``FAME_PRICES`` names, if any.

    Raises
    ------
    InputError
        If the user's file is not a price table.
    """
    shipped = files("fame_sql.llm").joinpath("prices.json").read_text(encoding="utf-8")
    table = _parse(json.loads(shipped))
    own = path or (Path(os.environ[OVERRIDE]) if os.environ.get(OVERRIDE) else None)
    if own is None:
        return table
    try:
        users = _parse(parse_json(own.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{own} is not a price table ({' '.join(str(error).split())}): write it as "
            '{"dated": "2025-06-01", "models": {"NAME": {"input": 2.5, "output": 10}}}, in USD '
            "per million tokens"
        ) from None
    return PriceTable(users.dated, {**table.models, **users.models})


def _parse(facts: dict[str, Any]) -> PriceTable:
    models = {
        name: (float(prices["input"]), float(prices["output"]))
        for name, prices in facts["models"].items()
    }
    if any(not math.isfinite(p) or p < 0 for pair in models.values() for p in pair):
        raise ValueError("a price is negative or not finite")
    return PriceTable(str(facts["dated"]), models)


def estimate_tokens(text: str) -> int:
    """Return the estimated number of tokens of a text: a third of its bytes.

    English text has about four bytes per token, logs with their digits and symbols about three.
    So the estimate is rather too high than too low, and within about a third of the true number.
    """
    return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_A_TOKEN)


def most_tokens(text: str) -> int:
    """Return a number of tokens that a text hardly exceeds: half of its bytes."""
    return math.ceil(len(text.encode("utf-8", "replace")) / 2)
