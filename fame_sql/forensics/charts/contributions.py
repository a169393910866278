"""One line as text, coloured by what each word contributes to its score."""

from __future__ import annotations

from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need

_LETTER = 8.5
_ROW = 40
_SIZE = 14


def chart(table: Table, *, width: int = 720) -> Any:
    """Return the chart: vermilion makes an anomaly more likely, blue less, each with its weight.

    Parameters
    ----------
    table : relation or table
        The ``words`` of ``fame_explain``: ``token`` and ``weight``, in the order of the message.
    width : int
        Width in pixels; longer lines are wrapped.
    """
    alt = need("altair")
    words, rows = _placed(records(table), width)
    base = alt.Chart(alt.Data(values=words))
    x = alt.X("left:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False))
    height = rows * _ROW
    y = alt.Y("top:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False))
    boxes = base.mark_rect(cornerRadius=3).encode(
        x=x,
        x2="right:Q",
        y=y,
        y2="bottom:Q",
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(
                domain=["more anomalous", "less anomalous"], range=[theme.ALARM, theme.CALM]
            ),
            legend=alt.Legend(orient="bottom"),
        ),
        opacity=alt.Opacity("opacity:Q", scale=None, legend=None),
    )
    written = base.mark_text(align="left", baseline="top", dx=4, dy=2, font=theme.MONOSPACE)
    said = written.encode(x=x, y=y, text="token:N", size=alt.value(_SIZE))
    weighed = base.transform_filter("datum.label != ''").mark_text(
        align="left", baseline="top", dx=4, dy=21, color=theme.MUTED
    )
    weights = weighed.encode(x=x, y=y, text="label:N", size=alt.value(10))
    return (
        alt.layer(boxes, said, weights)
        .properties(width=width, height=height)
        .configure(**theme.config())
    )


def _placed(rows: list[dict[str, Any]], width: int) -> tuple[list[dict[str, Any]], int]:
    """Return the words with their places, and the number of rows."""
    longest = max(4, int(width / _LETTER) - 2)
    strongest = max((abs(row["weight"]) for row in rows), default=0) or 1
    placed: list[dict[str, Any]] = []
    left, line = 0.0, 0
    for row in rows:
        token = row["token"] if len(row["token"]) <= longest else row["token"][: longest - 1] + "…"
        size = len(token) * _LETTER + 8
        if left and left + size > width:
            left, line = 0.0, line + 1
        share = abs(row["weight"]) / strongest
        placed.append(
            {
                "token": token,
                "left": left,
                "right": left + size,
                "top": line * _ROW,
                "bottom": line * _ROW + 20,
                "kind": "more anomalous" if row["weight"] > 0 else "less anomalous",
                "opacity": 0.06 + 0.5 * share,
                "label": f"{row['weight']:+.1f}" if share >= 0.1 else "",
            }
        )
        left += size + 4
    return placed, line + 1
