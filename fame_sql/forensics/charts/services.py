"""Lines of each service over time, and the anomalous ones among them."""

from __future__ import annotations

from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.axes import Period, buckets_in, middles, time_axis
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need

_ROW = 44
_MOST = 12
_NAMES = 84


def chart(table: Table, *, width: int = 720, period: Period | None = None) -> Any:
    """Return the chart: a row for each service, those with most anomalous lines first.

    Parameters
    ----------
    table : relation or table
        Rows of ``fame.timeline``: ``bucket_start``, ``service_name``, ``lines`` and
        ``anomalous_lines``.
    width : int
        Width in pixels.
    period : (datetime, datetime), optional
        The range of time to show; without it, that of the rows.
    """
    alt = need("altair")
    added: dict[tuple[str, str], list[int]] = {}
    for row in records(table):
        cell = added.setdefault((row["service_name"] or "no service", row["bucket_start"]), [0, 0])
        cell[0] += row["lines"]
        cell[1] += row["anomalous_lines"]
    totals: dict[str, list[int]] = {}
    for (service, _), (lines, anomalous) in added.items():
        total = totals.setdefault(service, [0, 0])
        total[0] += anomalous
        total[1] += lines
    order = sorted(totals, key=lambda name: ([-n for n in totals[name]], name))[:_MOST]
    middle = middles(start for _, start in added)
    rows = [
        {"service": service, "start": middle[start], "kind": kind, "count": count}
        for (service, start), (lines, anomalous) in added.items()
        for kind, count in (("all lines", lines), ("anomalous lines", anomalous))
        if service in order and count
    ]
    bar = max(1.5, min(16.0, 0.8 * width / buckets_in((start for _, start in added), period)))
    # Lines are whole: of a few, there would be half ones on the axis.
    whole = "datum.value % 1 == 0 ? datum.label : ''"
    count_axis = alt.Axis(tickCount=2, format="~s", labelExpr=whole)
    limit = max(_NAMES, width // 4)
    drawn = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(size=bar)
        .encode(
            x=time_axis("start", width, period),
            y=alt.Y("count:Q", title=None, stack=None, axis=count_axis),
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(
                    domain=["all lines", "anomalous lines"], range=[theme.FAINT, theme.ALARM]
                ),
            ),
            order=alt.Order("kind:N", sort="ascending"),
        )
        .properties(width=width, height=_ROW)
    )
    return (
        drawn.facet(
            row=alt.Row(
                "service:N",
                sort=order,
                title=None,
                header=alt.Header(labelAngle=0, labelAlign="left", labelLimit=limit),
            ),
            spacing=8,
        )
        .resolve_scale(y="independent")
        .configure(**theme.config())
    )
