"""The values behind one wildcard of a template, with the bins by which the model reads them."""

from __future__ import annotations

from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need

_MOST = 20
_ROW = 22
_TAIL = 10


def chart(table: Table, bins: Table = (), *, width: int = 720) -> Any:
    """Return the chart: numbers along an axis, anything else as a row for each value.

    Parameters
    ----------
    table : relation or table
        Rows of ``fame.template_values`` with one ``place``: ``value`` and ``lines``.
    bins : relation or table
        Rows of ``fame.value_weights`` with that ``place``: ``parameter``, ``low``, ``high``,
        ``category`` and ``weight`` in millionths of log-odds.
    width : int
        Width in pixels.
    """
    rows = [row for row in records(table) if row["value"] is not None]
    weights = records(bins)
    numbers = [_number(row["value"]) for row in rows]
    if rows and all(number is not None for number in numbers):
        points = [
            {"number": number, "lines": row["lines"]}
            for number, row in zip(numbers, rows, strict=True)
        ]
        drawn = _numbers(points, [row for row in weights if row["parameter"] == "number"], width)
    else:
        drawn = _categories(rows[:_MOST], weights, width)
    return drawn.configure(**theme.config())


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _sign() -> dict[str, Any]:
    return {
        "domain": ["more anomalous", "less anomalous"],
        "range": [theme.ALARM, theme.CALM],
    }


def _numbers(points: list[dict[str, Any]], weights: list[dict[str, Any]], width: int) -> Any:
    alt = need("altair")
    least = min(point["number"] for point in points)
    most = max(point["number"] for point in points)
    bands = [
        {
            "low": max(least, row["low"] if row["low"] is not None else least),
            "high": min(most, row["high"] if row["high"] is not None else most),
            "weight": f"{row['weight'] / 1e6:+.1f}",
            "kind": "more anomalous" if row["weight"] > 0 else "less anomalous",
        }
        for row in weights
        if (row["low"] is None or row["low"] <= most)
        and (row["high"] is None or row["high"] > least)
    ]
    # Most values are small, and a few are far larger: then the axes are logarithmic from one on.
    middle = sorted(point["number"] for point in points)[len(points) // 2]
    kind = "symlog" if least >= 0 and most > _TAIL * max(middle, 1) else "linear"
    x = alt.X("number:Q", title="value", scale=alt.Scale(type=kind, nice=False, padding=8))
    bars = (
        alt.Chart(alt.Data(values=points))
        .mark_bar(size=max(2, min(14, 0.6 * width / len(points))), color=theme.MUTED)
        .encode(
            x=x,
            y=alt.Y(
                "lines:Q",
                title="lines",
                scale=alt.Scale(type=kind),
                axis=alt.Axis(format="~s", tickCount=5),
            ),
        )
    )
    if not bands:
        return bars.properties(width=width, height=200)
    banded = alt.Chart(alt.Data(values=bands))
    areas = banded.mark_rect(opacity=0.25).encode(
        x=alt.X("low:Q", title="value"),
        x2="high:Q",
        color=alt.Color("kind:N", title="what the model adds", scale=alt.Scale(**_sign())),
    )
    said = banded.transform_calculate(middle="(datum.low + datum.high) / 2").mark_text(
        fontSize=11, color=theme.INK
    )
    texts = said.encode(x="middle:Q", y=alt.value(10), text="weight:N")
    return alt.layer(areas, bars, texts).properties(width=width, height=200)


def _categories(rows: list[dict[str, Any]], weights: list[dict[str, Any]], width: int) -> Any:
    alt = need("altair")
    by_value = {row["category"]: row["weight"] for row in weights if row["category"] is not None}
    shown = [
        {
            "value": row["value"],
            "lines": row["lines"],
            "label": f"{row['lines']:,}" + _added(by_value.get(row["value"])),
            "kind": _kind(by_value.get(row["value"])),
        }
        for row in rows
    ]
    order = [row["value"] for row in shown]
    y = alt.Y("value:N", sort=order, title=None, axis=alt.Axis(labelLimit=width // 3))
    base = alt.Chart(alt.Data(values=shown)).encode(
        x=alt.X("lines:Q", title="lines", axis=alt.Axis(format="~s", tickCount=5)), y=y
    )
    scale = _sign()
    bars = base.mark_bar().encode(
        color=alt.Color(
            "kind:N",
            title="what the model adds" if by_value else None,
            scale=alt.Scale(
                domain=[*scale["domain"], "nothing"], range=[*scale["range"], theme.FAINT]
            ),
            legend=alt.Legend() if by_value else None,
        )
    )
    texts = base.mark_text(align="left", dx=5, fontSize=11).encode(text="label:N")
    return alt.layer(bars, texts).properties(width=width, height=_ROW * max(1, len(shown)))


def _added(weight: int | None) -> str:
    return "" if weight is None else f" ({weight / 1e6:+.1f})"


def _kind(weight: int | None) -> str:
    if not weight:
        return "nothing"
    return "more anomalous" if weight > 0 else "less anomalous"
