"""Inputs that a warehouse tells: lines per day, tokens of a line, templates, lines labelled."""

from __future__ import annotations

from dataclasses import dataclass

from fame_sql import sql
from fame_sql.operations.costs.inputs import Inputs, changed
from fame_sql.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Measured:
    """The inputs of a warehouse, and what is known beside them.

    Parameters
    ----------
    inputs : dict
        The inputs, those that the warehouse tells marked as measured.
    pass_usd : float or None
        What the ledger says that labels and domains have cost; None without priced requests.
    unknown_share : float or None
        Share of lines of templates that the champion does not know; None without a champion.
    """

    inputs: Inputs
    pass_usd: float | None
    unknown_share: float | None


def measure(warehouse: Warehouse, inputs: Inputs) -> Measured:
    """Return inputs with what a warehouse tells of them."""
    [facts] = warehouse.records(sql.load("operations/costs/measured"))
    if not facts["lines"]:
        return Measured(inputs, None, None)
    values: dict[str, object] = {
        "lines_per_day": facts["lines"] / facts["days"],
        "tokens_per_line": facts["tokens_per_line"],
        "services": facts["services"],
    }
    if facts["templates"]:
        values["templates"] = facts["templates"]
    if facts["labelled"]:
        values["rows_per_template"] = facts["labelled"] / facts["templates"]
    found = changed(inputs, values, "measured", "this warehouse")
    return Measured(found, facts["pass_usd"], facts["unknown_share"])
