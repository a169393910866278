"""What tokens cost: a dated table that users override, and estimates before anything is sent."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fame_sql.errors import InputError

OVERRIDE = "FAME_PRICES"
_BYTES_A_TOKEN = 3
_MILLION = 1_000_000


@dataclass(frozen=True)
class PriceTable:
    """Prices of a million tokens by model, as of a date.

    Parameters
    ----------
    dated : str
        When the prices were looked up.
    models : dict
        (input, output) in USD for a million tokens, by the model's name.
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
    """Return the price table, with a user's own on top of the one that comes with fame-sql.

    Parameters
    ----------
    path : Path, optional
        A file of the same shape; without it, the one that ``FAME_PRICES`` names, if any.

    Raises
    ------
    InputError
        If the user's file is not such a table.
    """
    shipped = files("fame_sql.llm").joinpath("prices.json").read_text(encoding="utf-8")
    table = _parse(json.loads(shipped))
    own = path or (Path(os.environ[OVERRIDE]) if os.environ.get(OVERRIDE) else None)
    if own is None:
        return table
    try:
        users = _parse(json.loads(own.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{own} is no price table ({' '.join(str(error).split())}); it needs "
            '{"dated": "2025-06-01", "models": {"NAME": {"input": 2.5, "output": 10}}}, in USD '
            "for a million tokens"
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
    """Return about how many tokens a text has: a third of its bytes.

    English takes about four bytes a token, logs with their digits and signs nearer three; so
    this is meant to be high rather than low, within about a third either way.
    """
    return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_A_TOKEN)
