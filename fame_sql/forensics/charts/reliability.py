"""Whether scores mean what they say: the share that is anomalous, by score."""

from __future__ import annotations

from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.curves import by_detector
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need


def chart(table: Table, *, width: int = 360) -> Any:
    """Return the chart. On the diagonal, scores are exactly as frequent as they say.

    Parameters
    ----------
    table : relation or table
        With ``score`` and ``share``, the share of lines with that score that are anomalous; with
        ``detector`` if there are several.
    width : int
        Width in pixels.
    """
    alt = need("altair")
    rows = records(table)
    whole = alt.Scale(domain=[0, 1])
    ideal = (
        alt.Chart(alt.Data(values=[{"score": 0, "share": 0}, {"score": 1, "share": 1}]))
        .mark_line(strokeDash=[4, 4], color=theme.FAINT, strokeWidth=1.5)
        .encode(x="score:Q", y="share:Q")
    )
    found = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point={"size": 40, "filled": True}, clip=True)
        .encode(
            x=alt.X("score:Q", title="score", scale=whole),
            y=alt.Y("share:Q", title="share that is anomalous", scale=whole),
            **by_detector(rows),
        )
    )
    return (
        alt.layer(ideal, found)
        .properties(width=width, height=round(0.8 * width))
        .configure(**theme.config())
    )
