"""Curves over axes with numbers, as SVG for an HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

Position = tuple[float, float]

WIDTH, HEIGHT = 360, 280
_MARGIN = "-52 -12 440 342"
_FEW = 12
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_COLOURS = (
    *("#2a6ebb", "#c4501b", "#3f8f4f", "#8a4fa3", "#b8860b", "#0f8b8d", "#a33b5c"),
    *("#5b6b7c", "#7a9a01", "#d0688f", "#444488", "#9c6b3f", "#111111"),
)


@dataclass(frozen=True)
class Curve:
    """A curve of a figure.

    Parameters
    ----------
    name : str
        Shown when the pointer is over the curve.
    positions : sequence of (float, float)
        x in the figure's own numbers, and y from 0 to 1.
    colour : str
        A colour in CSS.
    width : float
        Width of the line in pixels.
    """

    name: str
    positions: Sequence[Position]
    colour: str
    width: float = 1.5


def colours(names: Iterable[str]) -> dict[str, str]:
    """Return a colour for each name, in order."""
    distinct = list(dict.fromkeys(names))
    return {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(distinct)}


def legend(named: dict[str, str]) -> str:
    """Return names in their colours, separated by dots."""
    return " · ".join(f"<span style='color:{c}'>{escape(name)}</span>" for name, c in named.items())


def figure(
    curves: Sequence[Curve],
    x_label: str,
    y_label: str,
    *,
    x_max: float = 1.0,
    diagonal: bool = False,
) -> str:
    """Draw curves over axes with numbers.

    Parameters
    ----------
    curves : sequence of Curve
        The last is drawn on top.
    x_label, y_label : str
        Labels of the axes.
    x_max : float
        The largest number of the x axis.
    diagonal : bool
        Whether to draw the line on which x and y are equal.
    """
    equal = f"<line class='equal' x1='0' y1='{HEIGHT}' x2='{WIDTH}' y2='0'/>" if diagonal else ""
    drawn = "".join(_draw(curve, x_max) for curve in curves)
    return (
        f"<svg width='440' height='342' viewBox='{_MARGIN}' role='img'>"
        f"{_axes(x_label, y_label, x_max)}{equal}{drawn}</svg>"
    )


def _axes(x_label: str, y_label: str, x_max: float) -> str:
    ticks = "".join(
        f"<line class='tick' x1='{t * WIDTH}' y1='0' x2='{t * WIDTH}' y2='{HEIGHT}'/>"
        f"<line class='tick' x1='0' y1='{t * HEIGHT}' x2='{WIDTH}' y2='{t * HEIGHT}'/>"
        f"<text x='{t * WIDTH}' y='{HEIGHT + 17}' text-anchor='middle'>{t * x_max:g}</text>"
        f"<text x='-8' y='{(1 - t) * HEIGHT + 4}' text-anchor='end'>{t:g}</text>"
        for t in _TICKS
    )
    return (
        f"{ticks}<text x='{WIDTH / 2}' y='{HEIGHT + 38}' text-anchor='middle'>{escape(x_label)}"
        f"</text><text transform='translate(-40 {HEIGHT / 2}) rotate(-90)' text-anchor='middle'>"
        f"{escape(y_label)}</text>"
    )


def _draw(curve: Curve, x_max: float) -> str:
    """Draw one curve, with marks if it has few positions: a single one has no line to show."""
    at = [(x / x_max * WIDTH, (1 - y) * HEIGHT) for x, y in curve.positions]
    few = at if len(at) <= _FEW else []
    marks = "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3'/>" for x, y in few)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    return (
        f"<g fill='{curve.colour}'><title>{escape(curve.name)}</title>{marks}<polyline fill='none' "
        f"stroke='{curve.colour}' stroke-width='{curve.width}' points='{line}'/></g>"
    )
