"""Precision against recall, over all thresholds."""

from __future__ import annotations

from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.curves import by_detector
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need


def chart(table: Table, *, width: int = 360) -> Any:
    """Return the chart.

    Parameters
    ----------
    table : relation or table
        With ``recall`` and ``precision``, from the highest threshold to the lowest; with
        ``detector`` if there are several.
    width : int
        Width in pixels.
    """
    alt = need("altair")
    rows = [row | {"place": place} for place, row in enumerate(records(table))]
    whole = alt.Scale(domain=[0, 1])
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line()
        .encode(
            x=alt.X("recall:Q", title="recall", scale=whole),
            y=alt.Y("precision:Q", title="precision", scale=whole),
            order="place:Q",
            **by_detector(rows),
        )
        .properties(width=width, height=round(0.8 * width))
        .configure(**theme.config())
    )
