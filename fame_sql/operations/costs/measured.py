"""Inputs that a warehouse tells: lines per day, templates, labelled lines, false windows."""

from __future__ import annotations

from dataclasses import dataclass

from fame_sql import sql
from fame_sql.labels.by_people.audit import ErrorRate
from fame_sql.operations.costs.inputs import Inputs, changed
from fame_sql.operations.windows.detectors import compare, open_windows
from fame_sql.warehouse.warehouse import Warehouse

_WIDEST = 0.1
"""Distance of the ends of an interval of a share that is still taken for a rate."""


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
    notes : tuple of str
        Measured figures that are no inputs, because they come from too little.
    """

    inputs: Inputs
    pass_usd: float | None
    unknown_share: float | None
    notes: tuple[str, ...] = ()


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
    found, notes = _with_false_windows(warehouse, found)
    return Measured(found, facts["pass_usd"], facts["unknown_share"], notes)


def _with_false_windows(warehouse: Warehouse, inputs: Inputs) -> tuple[Inputs, tuple[str, ...]]:
    """Return inputs with the measured shares of falsely reported windows, and notes on others.

    A share is measured if the log has labels, the detector judged all windows, and its interval
    is narrow.
    """
    notes: list[str] = []
    for row in warehouse.records(sql.load("operations/costs/latest_detectors")):
        windows = open_windows(warehouse, row["minutes"])
        compared = {other["detector"]: other for other in compare(warehouse, row["minutes"])}
        judged = compared.get(row["detector"])
        if judged is None or judged["false_windows"] is None:
            continue
        rate = ErrorRate(judged["windows"], judged["false_windows"])
        low, high = rate.interval
        said = (
            f"{row['detector']}: {rate.wrong} of {rate.judged} windows falsely reported, 95 % "
            f"interval {100 * low:.2g} to {100 * high:.2g} %"
        )
        if rate.judged < windows:
            notes.append(f"{said}; not taken: only {rate.judged} of {windows} windows were judged")
        elif high - low > _WIDEST:
            notes.append(f"{said}; not taken: that is too wide for a rate")
        else:
            values = {row["input"]: rate.wrong / rate.judged, "window_minutes": row["minutes"]}
            inputs = changed(inputs, values, "measured", said)
    return inputs, tuple(notes)
