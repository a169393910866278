"""One measure of several detectors, with intervals."""

from __future__ import annotations

from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.curves import SUBJECT
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need

_ROW = 26
_NAME = 150
"""Pixels that a name may always take."""


def chart(table: Table, *, measure: str = "F1", width: int = 560, best_first: bool = True) -> Any:
    """Return the chart.

    Parameters
    ----------
    table : relation or table
        With ``detector`` and ``value``, and the ends of its interval ``low`` and ``high``, which
        may be NULL.
    measure : str
        What the value is.
    width : int
        Width in pixels, without the names.
    best_first : bool
        Order the detectors by their value; else they come in the order of the table.
    """
    alt = need("altair")
    rows = [
        row | {"label": f"{row['value']:.2f}"} for row in records(table) if row["value"] is not None
    ]
    ranked = sorted(rows, key=lambda row: -row["value"]) if best_first else rows
    order = [row["detector"] for row in ranked]
    scale = alt.Scale(domain=[0, 1])
    is_ours = alt.FieldEqualPredicate(field="detector", equal=SUBJECT)
    names = alt.Axis(labelLimit=max(_NAME, width // 3))
    axis = alt.Axis(labelFlush=False, tickCount=6)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("detector:N", sort=order, title=None, axis=names),
        color=alt.condition(is_ours, alt.value(theme.ALARM), alt.value(theme.CALM)),
    )
    value = alt.X("value:Q", title=measure, scale=scale, axis=axis)
    low = alt.X("low:Q", title=measure)
    lines = base.mark_rule(strokeWidth=2, clip=True).encode(x=low, x2="high:Q")
    points = base.mark_point(filled=True, size=75, opacity=1).encode(
        x=value, shape=alt.condition(is_ours, alt.value("diamond"), alt.value("circle"))
    )
    texts = base.mark_text(dy=-10, fontSize=11).encode(x=value, text="label:N")
    return (
        alt.layer(lines, points, texts)
        .properties(width=width, height=_ROW * max(1, len(rows)))
        .configure(**theme.config())
    )
