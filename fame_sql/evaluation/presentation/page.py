"""The study as one HTML page: its conclusion and one picture, then the rest, folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fame_sql.evaluation.metrics import MEASURES, Estimate, ScoredLines
from fame_sql.evaluation.presentation.conclusion import (
    curve_sentences,
    detector_rows,
    headline,
    named,
    sentences,
)
from fame_sql.evaluation.presentation.curves import calibrated_rows, first_seeds, ranked_rows
from fame_sql.evaluation.study.claims import Claim
from fame_sql.evaluation.study.label_curve import CurvePoint
from fame_sql.evaluation.study.results import PARTS
from fame_sql.evaluation.study.summary import Confusion, Key, LabelCost, Mistake
from fame_sql.forensics.charts import detectors, label_budget, precision_recall, reliability
from fame_sql.forensics.pages.page import LABELS, picture, render

Found = TypeVar("Found")

_DRAWN = {"all": "all lines", "unseen": "lines of unseen templates"}
_LONGEST = 300


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
    claims : sequence of Claim
        Where fame beats another detector, and where not.
    labels : sequence of LabelCost
        How many labels each split used.
    """

    name: str
    groups: Mapping[Key, Sequence[ScoredLines]]
    measures: Mapping[str, Mapping[Key, Mapping[str, Estimate]]]
    confusion: Sequence[Confusion]
    mistakes: Sequence[Mistake]
    facts: Sequence[str]
    claims: Sequence[Claim] = field(default=())
    labels: Sequence[LabelCost] = field(default=())


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

    Raises
    ------
    InputError
        If the extra ``forensics`` is not installed.
    """
    return render(
        "study",
        title=title,
        curve=list(_curve(curve)),
        conclusion=curve_sentences(curve) if curve else [],
        sections=[_section(section) for section in sections],
    )


def _curve(points: Sequence[CurvePoint]) -> Iterator[dict[str, Any]]:
    for split, detector in dict.fromkeys((p.split, p.detector) for p in points):
        rows = [
            {"labels": p.labels, "F1": p.f1.value, "strategy": p.strategy}
            | {"low": p.f1.low, "high": p.f1.high}
            for p in points
            if (p.split, p.detector) == (split, detector)
        ]
        drawn = _drawn(label_budget.chart, rows, f"F1 by lines labelled at {split}", measure="F1")
        yield {"title": f"{detector}, {split}", "picture": drawn}


def _drawn(chart: Any, rows: list[dict[str, Any]], label: str, **how: Any) -> Any:
    return picture(lambda width: chart(rows, width=round(0.8 * width), **how), label, wide=400)


def _section(section: Section) -> dict[str, Any]:
    split = headline(section.measures)
    rows = detector_rows(section, split) if split else []
    picked = None
    if rows:
        label = f"F1 of every detector at {split}, with 95 % intervals"
        picked = picture(lambda w: detectors.chart(rows, width=w - LABELS), label)
    return {
        "name": section.name,
        "facts": section.facts,
        "split": split,
        "where": named(split) if split else "",
        "conclusion": sentences(section, split) if split else [],
        "picture": picked,
        "splits": [
            _split(section, name) for name in dict.fromkeys(key[0] for key in section.groups)
        ],
    }


def _split(section: Section, split: str) -> dict[str, Any]:
    return {
        "name": split,
        "where": named(split),
        "curves": [_curves(section, split, part) for part in _DRAWN],
        "parts": list(_parts(section, split)),
        "confusion": [cell for cell in section.confusion if cell.split == split],
        "mistakes": [one for one in section.mistakes if one.split == split],
    }


def _curves(section: Section, split: str, part: str) -> dict[str, Any]:
    first = first_seeds(section.groups, split, part)
    ranked, calibrated = ranked_rows(first), calibrated_rows(first)
    where = f"on {_DRAWN[part]} at {split}"
    return {
        "name": _DRAWN[part],
        "ranked": _drawn(precision_recall.chart, ranked, f"Precision and recall {where}")
        if ranked
        else None,
        "calibrated": _drawn(reliability.chart, calibrated, f"Calibration {where}")
        if calibrated
        else None,
    }


def _parts(section: Section, split: str) -> Iterator[dict[str, Any]]:
    for part, description in PARTS.items():
        tables = {
            weighting: rows
            for weighting, found in section.measures.items()
            if (rows := _rows(_detectors(found, split, part)))
        }
        if tables:
            counted = _counts(list(_detectors(section.groups, split, part).values()))
            yield {"name": part, "about": f"{description}; {counted}", "tables": tables}


def _rows(found: Mapping[str, Mapping[str, Estimate]]) -> list[dict[str, Any]]:
    return [
        {
            "detector": detector,
            "cells": [(name.replace("_", " "), measured[name]) for name in MEASURES],
        }
        for detector, measured in found.items()
    ]


def _detectors(found: Mapping[Key, Found], split: str, part: str) -> dict[str, Found]:
    """Return the entries of a part of a split, by detector."""
    return {k[1]: v for k, v in found.items() if (k[0], k[2]) == (split, part)}


def _counts(found: Sequence[Sequence[ScoredLines]]) -> str:
    judged = [one for seeds in found for one in seeds]
    anomalies = max((int(j.lines[j.is_anomaly].sum()) for j in judged), default=0)
    lines = max((int(j.lines.sum()) for j in judged), default=0)
    return f"{lines} lines, {anomalies} anomalous"
