"""What a statement returns, as it is compared."""

from __future__ import annotations

from collections import Counter
from typing import Any

# What SUMMARIZE estimates or adds up as floats: the last digits depend on the order of the rows.
ESTIMATES = {"approx_unique", "avg", "std", "q25", "q50", "q75"}


def told(result: Any) -> tuple[list[tuple[str, str]], Counter[str]]:
    """Return names and types of the columns, and the rows without estimates."""
    columns = [(column[0], str(column[1])) for column in result.description]
    exact = [place for place, (name, _) in enumerate(columns) if name not in ESTIMATES]
    return columns, Counter(repr([row[place] for place in exact]) for row in result.fetchall())
