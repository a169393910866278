"""One measure of several detectors, with intervals, the best first."""

from __future__ import annotations

from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.curves import SUBJECT
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need

_ROW = 26


def chart(table: Table, *, measure: str = "F1", width: int = 560) -> Any:
    """Return the chart.

    Parameters
    ----------
    table : relation or table
        With ``detector`` and ``value``, and the ends of its interval ``low`` and ``high``, which
        may be NULL.
    measure : str
        What the value is.
    width : int
        Width in pixels.
    """
    alt = need("altair")
    rows = [
        row | {"label": f"{row['value']:.2f}"} for row in records(table) if row["value"] is not None
    ]
    order = [row["detector"] for row in sorted(rows, key=lambda row: -row["value"])]
    scale = alt.Scale(domain=[0, 1])
    is_ours = alt.FieldEqualPredicate(field="detector", equal=SUBJECT)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("detector:N", sort=order, title=None, axis=alt.Axis(labelLimit=width // 2)),
        color=alt.condition(is_ours, alt.value(theme.ALARM), alt.value(theme.CALM)),
    )
    value = alt.X("value:Q", title=measure, scale=scale)
    lines = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=measure), x2="high:Q")
    points = base.mark_point(filled=True, size=75, opacity=1).encode(
        x=value, shape=alt.condition(is_ours, alt.value("diamond"), alt.value("circle"))
    )
    texts = base.mark_text(dy=-10, fontSize=11).encode(x=value, text="label:N")
    return (
        alt.layer(lines, points, texts)
        .properties(width=width, height=_ROW * max(1, len(rows)))
        .configure(**theme.config())
    )
