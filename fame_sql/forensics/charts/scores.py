"""The score of each template against how many lines it has."""

from __future__ import annotations

from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.charts.records import Table, records
from fame_sql.forensics.drawing import need

_NAMED = 6
_LONGEST = 46
_MANY = 30
_ROOMY = 500


def chart(table: Table, *, width: int = 720) -> Any:
    """Return the chart; the most frequent anomalous templates are named.

    Parameters
    ----------
    table : relation or table
        With ``template``, ``lines`` and ``worst_score``, as ``fame top --csv`` has them.
    width : int
        Width in pixels.
    """
    alt = need("altair")
    rows = [
        {
            "template": row["template"] or "",
            "lines": row["lines"],
            "score": row["worst_score"],
            "kind": "anomalous" if row["worst_score"] > 0.5 else "normal",
        }
        for row in records(table)
        if row["worst_score"] is not None and row["lines"] > 0
    ]
    loud = sorted((r for r in rows if r["kind"] == "anomalous"), key=lambda r: -r["lines"])
    named = [
        row | {"place": place, "template": _cut(row["template"])}
        for place, row in enumerate(loud[:_NAMED])
    ]
    kinds = ["normal", "anomalous"]
    x = alt.X("lines:Q", title="lines", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s"))
    y = alt.Y("score:Q", title="highest score", scale=alt.Scale(domain=[0, 1]))
    dots = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(size=60, filled=True, opacity=0.8)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=kinds, range=[theme.CALM, theme.ALARM]),
            ),
            shape=alt.Shape(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=kinds, range=["circle", "triangle-up"]),
            ),
        )
    )
    threshold = (
        alt.Chart(alt.Data(values=[{"score": 0.5}]))
        .mark_rule(strokeDash=[4, 4], color=theme.MUTED)
        .encode(y="score:Q")
    )
    return (
        alt.layer(threshold, *(_names(named, x) if width >= _ROOMY else []), dots)
        .properties(width=width, height=300)
        .configure(**theme.config())
    )


def _names(named: list[dict[str, Any]], x: Any) -> list[Any]:
    """Return names in the empty middle of the chart, each with a line up to its point."""
    alt = need("altair")
    slots = [row | {"slot": 0.93 - 0.075 * row["place"]} for row in named]
    y = alt.Y("slot:Q", title="highest score")
    base = alt.Chart(alt.Data(values=slots))
    lines = base.mark_rule(color=theme.FAINT).encode(x=x, y=y, y2="score:Q")
    return [
        lines,
        *(
            alt.Chart(alt.Data(values=[row]))
            .mark_text(
                align="right" if row["lines"] > _MANY else "left",
                dx=-4 if row["lines"] > _MANY else 4,
                fontSize=11,
                color=theme.INK,
            )
            .encode(x=x, y=y, text="template:N")
            for row in slots
        ),
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
