"""What is found against the number of labels, by how the labels were chosen."""

from __future__ import annotations

from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.curves import by_detector
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need

_EACH = 60
"""Pixels for each number of the axis."""


def chart(
    table: Table,
    *,
    measure: str = "recall",
    by: str = "strategy",
    width: int = 480,
    unit: str = "lines labelled",
) -> Any:
    """Return the chart.

    Parameters
    ----------
    table : relation or table
        With ``labels``, the measure and what tells the curves apart; with ``low`` and ``high``,
        the ends of its interval, if there are any.
    measure : str
        The column of the measure, from 0 to 1.
    by : str
        The column that tells the curves apart.
    width : int
        Width in pixels.
    unit : str
        What the labels are, for the axis.
    """
    alt = need("altair")
    rows = [row for row in records(table) if row[measure] is not None]
    axis = alt.Axis(tickCount=max(2, width // _EACH), labelSeparation=8)
    x = alt.X("labels:Q", title=unit, scale=alt.Scale(zero=True), axis=axis)
    y = alt.Y(f"{measure}:Q", title=measure, scale=alt.Scale(domain=[0, 1]))
    told_apart = by_detector(rows, by)
    base = alt.Chart(alt.Data(values=rows))
    lines = base.mark_line(point={"size": 45, "filled": True}).encode(x=x, y=y, **told_apart)
    between = [row for row in rows if row.get("low") is not None and row.get("high") is not None]
    ends = alt.Chart(alt.Data(values=between)).mark_rule(strokeWidth=1, opacity=0.6)
    bars = ends.encode(x=x, y=alt.Y("low:Q", title=measure), y2="high:Q", color=told_apart["color"])
    return (
        alt.layer(*([bars] if between else []), lines)
        .properties(width=width, height=300)
        .configure(**theme.config())
    )
