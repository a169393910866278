"""Lines of each template by hour."""

from __future__ import annotations

import math
from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.axes import with_empty
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need

_ROW = 20
_MOST = 25


def chart(table: Table, *, width: int = 720, bucket: str = "hour") -> Any:
    """Return the chart, with the templates that have most lines.

    Parameters
    ----------
    table : relation or table
        Rows of ``fame.template_counts(INTERVAL 1 HOUR)``: ``bucket_start``, ``template`` and
        ``lines``.
    width : int
        Width in pixels.
    bucket : str
        What a column is, such as ``"hour"`` or ``"day"``.
    """
    alt = need("altair")
    rows = [row | {"template": row["template"] or "no template"} for row in records(table)]
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["template"]] = totals.get(row["template"], 0) + row["lines"]
    shown = sorted(totals, key=lambda name: (-totals[name], name))[:_MOST]
    kept = [row for row in rows if row["template"] in set(shown)]
    starts = with_empty(row["bucket_start"] for row in kept)
    colour = alt.Color(
        "lines:Q",
        title=f"lines per {bucket}",
        scale=alt.Scale(
            type="threshold",
            domain=thresholds(max((row["lines"] for row in kept), default=1)),
            range=list(theme.STEPS),
        ),
        legend=alt.Legend(orient="bottom", format=",d"),
    )
    return (
        alt.Chart(alt.Data(values=kept))
        .mark_rect(stroke=theme.PAPER, strokeWidth=0.5)
        .encode(
            x=alt.X(
                "bucket_start:O",
                title="time (UTC)",
                scale=alt.Scale(domain=starts),
                axis=alt.Axis(
                    labelExpr="slice(datum.value, 5, 10) + ' ' + slice(datum.value, 11, 16)",
                    labelAngle=-45,
                    labelSeparation=6,
                    values=starts[:: max(1, -(-len(starts) * 44 // width))],
                ),
            ),
            y=alt.Y("template:N", sort=shown, title=None, axis=alt.Axis(labelLimit=width // 2)),
            color=colour,
        )
        .properties(width=width, height=_ROW * max(1, len(shown)))
        .configure(**theme.config())
    )


def thresholds(most: int) -> list[int]:
    """Return where the colours change: evenly on a logarithmic scale, at whole numbers."""
    steps = len(theme.STEPS)
    ends = [math.ceil(max(most, steps) ** (i / steps)) for i in range(1, steps)]
    rising = [2]
    for end in ends[1:]:
        rising.append(max(end, rising[-1] + 1))
    return rising
