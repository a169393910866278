"""Charts as SVG, PNG and HTML, which fetch nothing from a network."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fame_sql.errors import InputError
from fame_sql.forensics import theme

if TYPE_CHECKING:
    from types import ModuleType

_COLOURS = 128
_SIZE = re.compile(r'<svg[^>]*?\bviewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>')


def need(name: str) -> ModuleType:
    """Return a module of the extra ``forensics``.

    Raises
    ------
    InputError
        If it is not installed.
    """
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise InputError(
            f"charts and reports need {name}: pip install 'fame-sql[forensics]'"
        ) from None


def need_all() -> None:
    """Do nothing if the extra ``forensics`` is installed.

    Raises
    ------
    InputError
        If it is not: before work whose result could not be shown.
    """
    for name in ("altair", "vl_convert", "PIL", "jinja2"):
        need(name)


def svg(chart: Any) -> str:
    """Return a chart as an SVG image on its own, with the light colours."""
    need("vl_convert")
    buffer = io.StringIO()
    chart.save(buffer, format="svg")
    return buffer.getvalue()


def png(chart: Any, *, scale: float = 2) -> bytes:
    """Return a chart as a PNG image on white.

    Parameters
    ----------
    chart : altair.Chart
        The chart.
    scale : float
        Pixels per unit of the chart.
    """
    return png_of_spec(chart.to_dict(), scale=scale)


def png_of_spec(spec: Mapping[str, Any], *, scale: float) -> bytes:
    """Return what a Vega-Lite specification draws as a PNG image on white."""
    drawn = need("vl_convert").vegalite_to_png({**spec, "background": theme.PAPER}, scale=scale)
    # A chart has few colours: with a palette the image is a tenth as large.
    image = need("PIL.Image")
    with image.open(io.BytesIO(drawn)) as opened:
        small = opened.convert("RGB").quantize(_COLOURS, dither=image.Dither.NONE)
    buffer = io.BytesIO()
    small.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def html(chart: Any) -> str:
    """Return a chart as an HTML page that contains the libraries which draw it."""
    need("vl_convert")
    return str(chart.to_html(inline=True))


def inline_svg(chart: Any, label: str) -> str:
    """Return a chart as SVG for a page with the theme's style: its colours follow the page.

    Parameters
    ----------
    chart : altair.Chart
        The chart.
    label : str
        What it shows, for people who do not see it.
    """
    from html import escape

    drawn = svg(chart)
    for colour in theme.DARK:
        drawn = drawn.replace(colour, f"var({theme.variable(colour)})")
    found = _SIZE.search(drawn)
    if found is None:
        return drawn
    width, height = (round(float(side)) for side in found.groups())
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(label)}">'
    )
    return drawn[: found.start()] + root + drawn[found.end() :]
