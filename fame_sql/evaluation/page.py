"""The study as one self-contained HTML page: tables, curves and the lines most wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from fame_sql.console import printable
from fame_sql.evaluation.curve import Point, curve_html
from fame_sql.evaluation.metrics import (
    MEASURES,
    Judged,
    Measured,
    by_threshold,
    calibration_error,
)
from fame_sql.evaluation.summary import Confusion, Key

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
td,th{padding:.2rem .7rem;border-bottom:1px solid #dde4ea;text-align:right}
td:first-child,th:first-child{text-align:left}small{color:#5a6b7c}
code{overflow-wrap:anywhere}svg{border:1px solid #dde4ea;margin-right:1rem}
"""
_SIZE = 260


def html_page(
    title: str,
    groups: Mapping[Key, Sequence[Judged]],
    measures: Mapping[str, Mapping[Key, Mapping[str, Measured]]],
    confusion: Sequence[Confusion],
    wrong: Iterable[tuple[str, float, bool, int]],
    facts: Sequence[str],
    curve: Sequence[Point] = (),
) -> str:
    """Return the page.

    Parameters
    ----------
    title : str
        What was studied.
    groups : mapping
        From :func:`fame_sql.evaluation.summary.gathered`, by line.
    measures : mapping
        By weighting, what :func:`fame_sql.evaluation.summary.measured` says of them.
    confusion : sequence of Confusion
        By domain.
    wrong : iterable of (text, score, is_anomaly, lines)
        The lines most wrong of the champion's method, the worst first.
    facts : sequence of str
        Sentences on labels, seeds and sizes.
    curve : sequence of Point
        What more labels come to, where that was tried.
    """
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        f"<title>{_text(title)}</title><style>{_STYLE}</style><h1>{_text(title)}</h1>",
        "".join(f"<p>{_text(fact)}</p>" for fact in facts),
    ]
    for split in dict.fromkeys(key[0] for key in groups):
        parts.append(f"<h2>{_text(split)}</h2>")
        for part in dict.fromkeys(key[2] for key in groups):
            counts = _counts([v for k, v in groups.items() if (k[0], k[2]) == (split, part)])
            parts += [
                _table(f"{part}, by {weighting}", counts, _of(split, part, found))
                for weighting, found in measures.items()
            ]
        if ours := groups.get((split, "fame", "all")):
            parts.append(_curves(ours))
        parts.append(_confusion_table([cell for cell in confusion if cell.split == split]))
    if curve:
        parts.append(curve_html(curve))
    parts.append(_wrong_table(wrong))
    return "\n".join(parts) + "</html>\n"


def _text(value: object) -> str:
    return escape(printable(str(value)))


def _of(
    split: str, part: str, found: Mapping[Key, Mapping[str, Measured]]
) -> dict[str, Mapping[str, Measured]]:
    return {k[1]: v for k, v in found.items() if (k[0], k[2]) == (split, part)}


def _counts(detectors: Sequence[Sequence[Judged]]) -> str:
    judged = [one for seeds in detectors for one in seeds]
    anomalies = max((int(j.lines[j.is_anomaly].sum()) for j in judged), default=0)
    lines = max((int(j.lines.sum()) for j in judged), default=0)
    return f"{lines} lines, {anomalies} anomalous"


def _table(name: str, counts: str, detectors: Mapping[str, Mapping[str, Measured]]) -> str:
    if not detectors:
        return ""
    heads = "".join(f"<th>{measure.replace('_', ' ')}</th>" for measure in MEASURES)
    rows = "".join(
        f"<tr><td>{_text(detector)}</td>"
        + "".join(_cell(found[measure]) for measure in MEASURES)
        + "</tr>"
        for detector, found in detectors.items()
    )
    return (
        f"<h3>{_text(name)} <small>{counts}</small></h3>"
        f"<table><tr><th>detector</th>{heads}</tr>{rows}</table>"
    )


def _confusion_table(cells: Sequence[Confusion]) -> str:
    if not cells:
        return ""
    rows = "".join(
        f"<tr><td>{_text(cell.domain)}</td><td>{'known' if cell.known_template else 'unseen'}</td>"
        f"<td>{cell.found}</td><td>{cell.missed}</td><td>{cell.false_alarms}</td>"
        f"<td>{cell.passed}</td></tr>"
        for cell in cells
    )
    return (
        "<h3>fame, confusion by domain <small>first seed; of unseen templates the router's guess"
        "</small></h3><table><tr><th>domain</th><th>templates</th><th>found</th><th>missed</th>"
        f"<th>false alarms</th><th>passed</th></tr>{rows}</table>"
    )


def _cell(measured: Measured) -> str:
    if measured.value is None:
        return "<td>-</td>"
    shown = _number(measured.value)
    if measured.low is None or measured.high is None:
        return f"<td>{shown}</td>"
    return f"<td>{shown} <small>[{_number(measured.low)}, {_number(measured.high)}]</small></td>"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value > 1.5 else f"{value:.3f}"


def _curves(seeds: Sequence[Judged]) -> str:
    error = calibration_error(seeds[0])
    told = "" if error is None else f"Expected calibration error {error:.3f}."
    return (
        "<p>fame, all lines: precision over recall, and the share of anomalies over the score. "
        f"{told}</p>" + _svg([_precision_recall(j) for j in seeds]) + _svg([_reliability(seeds[0])])
    )


def _precision_recall(judged: Judged) -> list[tuple[float, float]]:
    hits, reported = by_threshold(judged)
    if not len(hits) or hits[-1] == 0:
        return []
    return list(zip((hits / hits[-1]).tolist(), (hits / reported).tolist(), strict=True))


def _reliability(judged: Judged, bins: int = 10) -> list[tuple[float, float]]:
    places = np.minimum((judged.score * bins).astype(int), bins - 1)
    lines = np.bincount(places, judged.lines, bins)
    score = np.bincount(places, judged.lines * judged.score, bins)
    truth = np.bincount(places, judged.lines * judged.is_anomaly, bins)
    return [(score[i] / lines[i], truth[i] / lines[i]) for i in range(bins) if lines[i]]


def _svg(curves: Sequence[Sequence[tuple[float, float]]]) -> str:
    """Draw curves over the unit square."""
    drawn = "".join(
        "<polyline fill='none' stroke='#2a6ebb' stroke-opacity='.7' stroke-width='2' points='"
        + " ".join(f"{x * _SIZE:.1f},{(1 - y) * _SIZE:.1f}" for x, y in curve)
        + "'/>"
        for curve in curves
    )
    box = f"-4 -4 {_SIZE + 8} {_SIZE + 8}"
    return f"<svg width='{_SIZE}' height='{_SIZE}' viewBox='{box}'>{drawn}</svg>"


def _wrong_table(wrong: Iterable[tuple[str, float, bool, int]]) -> str:
    rows = "".join(
        f"<tr><td><code>{_text(text[:300])}</code></td><td>{score:.4f}</td>"
        f"<td>{'anomalous' if is_anomaly else 'normal'}</td><td>{lines}</td></tr>"
        for text, score, is_anomaly, lines in wrong
    )
    return (
        "<h2>The lines most wrong</h2><table><tr><th>canonical text</th><th>score</th>"
        f"<th>label</th><th>lines</th></tr>{rows}</table>"
    )
