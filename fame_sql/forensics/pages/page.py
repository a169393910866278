"""Self-contained HTML pages from Jinja2 templates.

Text in logs is data: the templates escape everything, control characters are shown as escapes, and
the policy that stands in each page forbids scripts and every request.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from fame_sql import __version__
from fame_sql.console import plural, printable
from fame_sql.forensics import theme
from fame_sql.forensics.distance import distance
from fame_sql.forensics.drawing import inline_svg, need

WIDE, NARROW = 860, 330
"""Widths of a chart on a screen and on a phone."""
LABELS = 150
"""Of these, what names beside the chart take."""


def render(template: str, **facts: Any) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        Name of a template of this folder, without its ending.
    **facts
        What the template shows.

    Raises
    ------
    InputError
        If the extra ``forensics`` is not installed.
    """
    return render_part(template, style=_style(), program=f"fame-sql {__version__}", **facts)


def render_part(template: str, **facts: Any) -> str:
    """Return a part of a page, from a template of this folder."""
    return str(_environment().get_template(f"{template}.html").render(**facts))


def picture(draw: Callable[[int], Any], label: str, *, wide: int = WIDE) -> Any:
    """Return a chart for a page, drawn once for screens and once for phones.

    Parameters
    ----------
    draw : callable
        Takes a width and returns an Altair chart.
    label : str
        What it shows, for people who do not see it.
    wide : int
        Its width on a screen.
    """
    both = [inline_svg(draw(width), label) for width in (wide, NARROW)]
    safe = need("markupsafe").Markup
    return safe(f'<div class="wide">{both[0]}</div><div class="narrow">{both[1]}</div>')


def _style() -> Any:
    css = files(__name__.rpartition(".")[0]).joinpath("page.css").read_text(encoding="utf-8")
    return need("markupsafe").Markup(theme.style() + css)


@cache
def _environment() -> Any:
    jinja2 = need("jinja2")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fame_sql.forensics", "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": count, "share": share, "moment": moment, "plural": plural}
    environment.filters |= {"duration": duration, "distance": distance}
    return environment


def shown(value: Any) -> Any:
    """Return what a page shows of a value: text without control characters, nothing for None."""
    if value is None:
        return ""
    return value if hasattr(value, "__html__") or not isinstance(value, str) else printable(value)


def count(value: float | None) -> str:
    """Return a number with commas."""
    return "-" if value is None else f"{value:,.0f}"


def share(value: float | None, digits: int = 0) -> str:
    """Return a share in percent."""
    return "-" if value is None else f"{100 * value:.{digits}f} %"


def moment(value: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return a time in UTC."""
    return "-" if value is None else f"{value:{form}}"


def duration(minutes: int) -> str:
    """Return a number of minutes in the largest unit of which it is a whole number."""
    for unit, length in (("day", 1440), ("hour", 60)):
        if minutes and minutes % length == 0:
            return plural(minutes // length, unit)
    return plural(minutes, "minute")
