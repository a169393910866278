"""The templates of each domain, by what their labels say."""

from __future__ import annotations

from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need

_ROW = 24
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
        Width in pixels.
    """
    alt = need("altair")
    rows = [row | {"place": list(_STATUS).index(row["status"])} for row in records(table)]
    order = list(dict.fromkeys(row["domain"] for row in rows))
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(stroke=theme.PAPER, strokeWidth=1)
        .encode(
            x=alt.X("templates:Q", title="templates", axis=alt.Axis(tickMinStep=1, tickCount=6)),
            y=alt.Y("domain:N", sort=order, title=None, axis=alt.Axis(labelLimit=width // 2)),
            color=alt.Color(
                "status:N",
                title="by their labels",
                scale=alt.Scale(domain=list(_STATUS), range=list(_STATUS.values())),
            ),
            order=alt.Order("place:Q"),
        )
        .properties(width=width, height=_ROW * max(1, len(order)))
        .configure(**theme.config())
    )
