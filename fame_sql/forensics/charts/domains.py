"""The templates of each domain, by what their labels say."""

from __future__ import annotations

from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need

_ROW = 24
_NAME = 150
"""Pixels that a name may always take."""
_NARROW = 300
_STATUS = {
    "normal": theme.CALM,
    "mixed": theme.CATEGORIES[1],
    "anomalous": theme.ALARM,
    "unlabelled": theme.FAINT,
}


def chart(table: Table, *, width: int = 560) -> Any:
    """Return the chart.

    Parameters
    ----------
    table : relation or table
        With ``domain``, ``status`` (``normal``, ``anomalous``, ``mixed`` or ``unlabelled``) and
        ``templates``, in the order of the domains.
    width : int
        Width in pixels, without the names.
    """
    alt = need("altair")
    rows = [row | {"place": list(_STATUS).index(row["status"])} for row in records(table)]
    names = alt.Axis(labelLimit=max(_NAME, width // 3))
    axis = alt.Axis(tickMinStep=1, tickCount=6, labelFlush=False)
    held = {row["status"] for row in rows}
    shown = {status: colour for status, colour in _STATUS.items() if status in held}
    order = list(dict.fromkeys(row["domain"] for row in rows))
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(stroke=theme.PAPER, strokeWidth=1)
        .encode(
            x=alt.X("templates:Q", title="templates", axis=axis),
            y=alt.Y("domain:N", sort=order, title=None, axis=names),
            color=alt.Color(
                "status:N",
                title="by their labels",
                scale=alt.Scale(domain=list(shown), range=list(shown.values())),
                legend=alt.Legend(columns=2 if width < _NARROW else 4),
            ),
            order=alt.Order("place:Q"),
        )
        .properties(width=width, height=_ROW * max(1, len(order)))
        .configure(**theme.config())
    )
