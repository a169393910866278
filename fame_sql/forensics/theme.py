"""The theme of all charts and pages: colours, fonts and sizes, for light, dark and print.

The colours of categories are those of Okabe and Ito, which people with any kind of colour blindness
can tell apart. Vermilion is kept for what is anomalous. Charts are drawn in the light colours; in a
page each of these is replaced by a CSS variable, which has another value in dark mode.
"""

from __future__ import annotations

from typing import Any

FONT = "Arial, 'Liberation Sans', Helvetica, sans-serif"
"""Of charts: fonts of the same widths, so that text fits wherever it is shown."""
MONOSPACE = "'Courier New', 'Liberation Mono', Courier, monospace"

PAPER = "#fefefe"
INK = "#1c2733"
MUTED = "#566473"
GRID = "#e4e9ee"
FAINT = "#b9c4cf"
ALARM = "#d14a00"
CALM = "#0069a6"

CATEGORIES = (CALM, "#e09600", "#00916a", "#b8609b", "#3fa3e0", "#7a6a00", "#66707b", "#7b4fb5")
"""Colours of categories, in order."""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [10, 4], [1, 3], [12, 3, 3, 3])
"""Dashes of lines, which tell them apart in print without colours."""
STEPS = ("#e9f0f6", "#c3d8ea", "#91badb", "#5896c5", "#286fa7", "#0a4476")
"""Colours of few to many."""

DARK = {
    PAPER: "#141a21",
    INK: "#e8edf2",
    MUTED: "#a5b1be",
    GRID: "#2a343f",
    FAINT: "#52606e",
    ALARM: "#ff8f52",
    CALM: "#56b0e6",
    "#e09600": "#f2b84f",
    "#00916a": "#3fcba4",
    "#b8609b": "#e59fcb",
    "#3fa3e0": "#9ad4f7",
    "#7a6a00": "#cdbb4a",
    "#66707b": "#aab4bf",
    "#7b4fb5": "#b798e6",
    "#e9f0f6": "#1a2631",
    "#c3d8ea": "#1f3b55",
    "#91badb": "#27567f",
    "#5896c5": "#3778aa",
    "#286fa7": "#5ea3d4",
    "#0a4476": "#a4d3f3",
}
"""What each colour becomes in dark mode."""


def variable(colour: str) -> str:
    """Return the name of the CSS variable of a colour."""
    return f"--c{colour[1:]}"


def style() -> str:
    """Return the CSS that gives the variables their values in light, in dark and in print."""
    light = ";".join(f"{variable(colour)}:{colour}" for colour in DARK)
    dark = ";".join(f"{variable(colour)}:{other}" for colour, other in DARK.items())
    return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def config() -> dict[str, Any]:
    """Return the configuration of a chart, as Vega-Lite takes it."""
    text = {"labelColor": MUTED, "titleColor": MUTED, "labelFontSize": 12, "titleFontSize": 12}
    return {
        "aria": False,
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": "transparent"},
        "axis": {
            **text,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "gridColor": GRID,
            "domainColor": FAINT,
            "tickColor": FAINT,
            "labelOverlap": "greedy",
        },
        "legend": {
            **text,
            "labelColor": INK,
            "titleFontWeight": "normal",
            "orient": "bottom",
            "symbolStrokeWidth": 2,
            "labelLimit": 260,
        },
        "header": {**text, "labelColor": INK},
        "title": {"color": INK, "fontSize": 14, "fontWeight": 600, "anchor": "start"},
        "text": {"color": INK, "fontSize": 12},
        "range": {"category": list(CATEGORIES), "ramp": list(STEPS)},
    }
