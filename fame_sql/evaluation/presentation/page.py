"""The study as one self-contained HTML page: tables, curves and the worst mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeVar

from fame_sql.console import printable
from fame_sql.evaluation.metrics import MEASURES, Estimate, ScoredLines
from fame_sql.evaluation.presentation.split_curves import split_curves
from fame_sql.evaluation.study.label_curve import CurvePoint, curve_html
from fame_sql.evaluation.study.results import PARTS
from fame_sql.evaluation.study.summary import Confusion, Key, Mistake
from fame_sql.verdict.label_words import label_word

Found = TypeVar("Found")

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
td,th{padding:.2rem .7rem;border-bottom:1px solid #dde4ea;text-align:right}
td:first-child,th:first-child{text-align:left}small{color:#5a6b7c}
code{overflow-wrap:anywhere}svg{margin-right:1rem;font-size:12px;fill:#33404d}
.tick{stroke:#e6ebf0}.equal{stroke:#9aa7b4;stroke-dasharray:4 4}
"""


@dataclass(frozen=True)
class Section:
    """The results of a plan, for one K.

    Parameters
    ----------
    name : str
        Such as ``"K = 20"``.
    groups : mapping
        From :func:`fame_sql.evaluation.study.summary.group_results`, by line.
    measures : mapping
        By weighting, from :func:`fame_sql.evaluation.study.summary.measure_groups`.
    confusion : sequence of Confusion
        By domain.
    mistakes : sequence of Mistake
        The worst mistakes, by split.
    facts : sequence of str
        Sentences on labels, seeds and sizes.
    """

    name: str
    groups: Mapping[Key, Sequence[ScoredLines]]
    measures: Mapping[str, Mapping[Key, Mapping[str, Estimate]]]
    confusion: Sequence[Confusion]
    mistakes: Sequence[Mistake]
    facts: Sequence[str]


def html_page(title: str, sections: Sequence[Section], curve: Sequence[CurvePoint] = ()) -> str:
    """Return the page.

    Parameters
    ----------
    title : str
        Title of the page.
    sections : sequence of Section
        One per K.
    curve : sequence of CurvePoint
        The label curve, if there is one.
    """
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        f"<title>{_text(title)}</title><style>{_STYLE}</style><h1>{_text(title)}</h1>",
        *(part for section in sections for part in _section(section)),
    ]
    if curve:
        parts.append(curve_html(curve))
    return "\n".join(parts) + "</html>\n"


def _section(section: Section) -> Iterator[str]:
    yield f"<h2>{_text(section.name)}</h2>"
    yield "".join(f"<p>{_text(fact)}</p>" for fact in section.facts)
    for split in dict.fromkeys(key[0] for key in section.groups):
        yield f"<h2>{_text(split)} <small>{_text(section.name)}</small></h2>"
        for part, description in PARTS.items():
            tables = [
                _table(weighting, _detectors(found, split, part))
                for weighting, found in section.measures.items()
            ]
            if any(tables):
                counts = _counts(list(_detectors(section.groups, split, part).values()))
                yield f"<h3>{part} <small>{description}; {counts}</small></h3>{''.join(tables)}"
        yield split_curves(section.groups, split)
        yield _confusion_table([cell for cell in section.confusion if cell.split == split])
        yield _mistakes_table(split, [one for one in section.mistakes if one.split == split])


def _text(value: object) -> str:
    return escape(printable(str(value)))


def _detectors(found: Mapping[Key, Found], split: str, part: str) -> dict[str, Found]:
    """Return the entries of a part of a split, by detector."""
    return {k[1]: v for k, v in found.items() if (k[0], k[2]) == (split, part)}


def _counts(detectors: Sequence[Sequence[ScoredLines]]) -> str:
    judged = [one for seeds in detectors for one in seeds]
    anomalies = max((int(j.lines[j.is_anomaly].sum()) for j in judged), default=0)
    lines = max((int(j.lines.sum()) for j in judged), default=0)
    return f"{lines} lines, {anomalies} anomalous"


def _table(weighting: str, detectors: Mapping[str, Mapping[str, Estimate]]) -> str:
    if not detectors:
        return ""
    heads = "".join(f"<th>{measure.replace('_', ' ')}</th>" for measure in MEASURES)
    rows = "".join(
        f"<tr><td>{_text(detector)}</td>"
        + "".join(_cell(found[measure]) for measure in MEASURES)
        + "</tr>"
        for detector, found in detectors.items()
    )
    return f"<table><tr><th>detector, by {weighting}</th>{heads}</tr>{rows}</table>"


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
        "<h3>fame, confusion by domain <small>first seed; domains of unseen templates are the "
        "router's choice</small></h3><table><tr><th>domain</th><th>templates</th><th>found</th>"
        f"<th>missed</th><thfalse alarms</th><th>passed</th></tr>{rows}</table>"
    )


def _cell(measured: Estimate) -> str:
    if measured.value is None:
        return "<td>-</td>"
    shown = _number(measured.value)
    if measured.low is None or measured.high is None:
        return f"<td>{shown}</td>"
    return f"<td>{shown} <small>[{_number(measured.low)}, {_number(measured.high)}]</small></td>"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value > 1.5 else f"{value:.3f}"


def _mistakes_table(split: str, mistakes: Sequence[Mistake]) -> str:
    if not mistakes:
        return ""
    rows = "".join(
        f"<tr><td><code>{_text(one.text[:300])}</code></td><td>{one.score:.4f}</td>"
        f"<td>{label_word(one.is_anomaly)}</td><td>{one.lines}</td></tr>"
        for one in mistakes
    )
    return (
        f"<h3>{_text(mistakes[0].detector)}, worst mistakes at {_text(split)} <small>first seed"
        "</small></h3><table><tr><th>canonical text</th><th>score</th><th>label</th>"
        f"<th>lines</th></tr>{rows}</table>"
    )
