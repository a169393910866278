"""Inputs that a warehouse tells: lines per day, templates, labelled lines, false windows."""

from __future__ import annotations

from dataclasses import dataclass

from fame_sql import sql
from fame_sql.operations.costs.inputs import Inputs, changed
from fame_sql.operations.windows.detectors import compare, open_windows
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
    found = changed(found, _false_windows(warehouse), "measured", "the last run of 'fame windows'")
    return Measured(found, facts["pass_usd"], facts["unknown_share"])


def _false_windows(warehouse: Warehouse) -> dict[str, object]:
    """Return the shares of windows that detectors reported falsely, if the log has labels."""
    found: dict[str, object] = {}
    for row in warehouse.records(sql.load("operations/costs/latest_detectors")):
        open_windows(warehouse, row["minutes"])
        compared = {other["detector"]: other for other in compare(warehouse, row["minutes"])}
        judged = compared.get(row["detector"])
        if judged is not None and judged["false_windows"] is not None:
            found[row["input"]] = judged["false_windows"] / judged["windows"]
            found["window_minutes"] = row["minutes"]
    return found
