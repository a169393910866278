"""Anomalous lines over time by domain, with the incidents marked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.axes import Period, middles, time_axis
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need

UNKNOWN = "without a domain"
_ROOM = 14
_ROW = 30
_LETTER = 6.5
_NAMED = 400
"""Width from which on incidents are named."""


def chart(
    table: Table,
    incidents: Table = (),
    *,
    width: int = 720,
    counted: str = "anomalous lines",
    period: Period | None = None,
) -> Any:
    """Return the chart.

    Parameters
    ----------
    table : relation or table
        Rows of ``fame.timeline``: ``bucket_start``, ``domain``, ``lines``, ``anomalous_lines`` and
        ``worst_score``. Buckets of several services are added up.
    incidents : relation or table
        Rows of ``incidents``: ``incident_id``, ``domain``, ``severity``, ``first_seen`` and
        ``last_seen``.
    width : int
        Width in pixels.
    counted : str
        What is counted, for the legend.
    period : (datetime, datetime), optional
        The range of time to show; without it, that of the rows.
    """
    alt = need("altair")
    rows = [row | {"domain": row["domain"] or UNKNOWN} for row in records(table)]
    spans = [row | {"domain": row["domain"] or UNKNOWN} for row in records(incidents)]
    domains = _order(rows, spans)
    y = alt.Y("domain:N", sort=domains, title=None, axis=alt.Axis(labelLimit=width // 3, grid=True))
    x = time_axis("bucket_start", width, period, room=_ROOM)
    circles = _anomalies(rows)
    most = max((row["anomalous"] for row in circles), default=1)
    size = alt.Size(
        "anomalous:Q",
        title=counted,
        scale=alt.Scale(type="sqrt", range=[20, 420], domainMin=0),
        legend=alt.Legend(
            orient="bottom",
            symbolFillColor=theme.ALARM,
            symbolStrokeWidth=0,
            format=",d",
            values=sorted({1, -(-most // 2), most}),
        ),
    )
    found = (
        alt.Chart(alt.Data(values=circles))
        .mark_circle(color=theme.ALARM, opacity=0.75)
        .encode(x=x, y=y, size=size)
    )
    spanned = alt.Chart(alt.Data(values=spans))
    lines = spanned.mark_rule(strokeWidth=16, opacity=0.3, strokeCap="round", color=theme.CALM)
    named = alt.Chart(alt.Data(values=_named(spans, circles, width, period)))
    marks = named.mark_text(
        align="left", dx=-6, dy=-13, fontSize=11, fontWeight="bold", color=theme.CALM
    )
    start = time_axis("first_seen", width, period, room=_ROOM)
    labels = alt.Text("name:N")
    layers = [
        lines.encode(x=start, x2="last_seen:T", y=y),
        found,
        *([marks.encode(x=start, y=y, text=labels)] if width >= _NAMED else []),
    ]
    drawn = alt.layer(*layers) if spans else found
    return drawn.properties(width=width, height=_ROW * max(1, len(domains))).configure(
        **theme.config()
    )


def _named(
    spans: list[dict[str, Any]],
    circles: list[dict[str, Any]],
    width: int,
    period: Period | None,
) -> list[dict[str, Any]]:
    """Return the names of incidents, with those that have no room added to the one before."""
    moments = [_moment(span[end]) for span in spans for end in ("first_seen", "last_seen")]
    moments += [_moment(circle["bucket_start"]) for circle in circles]
    moments += [moment.replace(tzinfo=UTC).timestamp() for moment in period or ()]
    whole = max(moments, default=0.0) - min(moments, default=0.0)
    found: dict[str, list[dict[str, Any]]] = {}
    for span in sorted(spans, key=lambda span: (span["domain"], span["first_seen"])):
        before = found.setdefault(span["domain"], [])
        start, room = _moment(span["first_seen"]), _LETTER * (len(span["incident_id"]) + 4)
        if before and start - before[-1]["start"] < whole * room / width:
            before[-1]["others"] += 1
        else:
            before.append({**span, "start": start, "others": 0})
    return [
        {
            **{name: row[name] for name in ("domain", "first_seen")},
            "name": row["incident_id"] + (f" +{row['others']}" if row["others"] else ""),
        }
        for named in found.values()
        for row in named
    ]


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _order(rows: list[dict[str, Any]], spans: list[dict[str, Any]]) -> list[str]:
    """Return the domains, those with most anomalous lines first."""
    counted: dict[str, int] = dict.fromkeys((span["domain"] for span in spans), 0)
    for row in rows:
        counted[row["domain"]] = counted.get(row["domain"], 0) + row["anomalous_lines"]
    return sorted(counted, key=lambda domain: (-counted[domain], domain))


def _anomalies(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the anomalous lines of each bucket and domain."""
    counted: dict[tuple[str, str], int] = {}
    middle = middles(row["bucket_start"] for row in rows)
    for row in rows:
        key = (row["bucket_start"], row["domain"])
        counted[key] = counted.get(key, 0) + row["anomalous_lines"]
    return [
        {"bucket_start": middle[start], "domain": domain, "anomalous": lines}
        for (start, domain), lines in counted.items()
        if lines
    ]
