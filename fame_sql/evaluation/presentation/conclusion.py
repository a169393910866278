"""What a study says first: two sentences and one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fame_sql.console import plural
from fame_sql.evaluation.metrics import Estimate
from fame_sql.evaluation.study.claims import CLAIM_MEASURES, SUBJECT, Claim
from fame_sql.evaluation.study.summary import Key, LabelCost
from fame_sql.forensics.pages.page import count, share

if TYPE_CHECKING:
    from fame_sql.evaluation.presentation.page import Section
    from fame_sql.evaluation.study.label_curve import CurvePoint

_PART, _MEASURE = "all", "f1"


def headline(measures: Mapping[str, Mapping[Key, Mapping[str, Estimate]]]) -> str | None:
    """Return the split that the conclusion is about: the one that trains on most lines."""
    found = [key[0] for key in measures.get("lines", {}) if key[2] == _PART]
    return max(found, key=_trained_on) if found else None


def _trained_on(split: str) -> float:
    return float(split.rstrip("%")) if split.endswith("%") else 0.0


def detector_rows(section: Section, split: str) -> list[dict[str, Any]]:
    """Return rows of the chart ``detectors`` for one split."""
    return [
        {
            "detector": key[1],
            "value": found[_MEASURE].value,
            "low": found[_MEASURE].low,
            "high": found[_MEASURE].high,
        }
        for key, found in section.measures["lines"].items()
        if (key[0], key[2]) == (split, _PART)
    ]


def sentences(section: Section, split: str) -> list[str]:
    """Return the conclusion of a section in two sentences."""
    measures = section.measures["lines"]
    ours = measures.get((split, SUBJECT, _PART))
    if ours is None or ours[_MEASURE].value is None:
        return [_best(section, split)]
    where = named(split)
    first = (
        f"{_labels(section.labels, split)}fame finds {share(ours['recall'].value)} of the "
        f"anomalous lines {where}, and {share(ours['precision'].value)} of what it reports is "
        f"right: F1 {_with_interval(ours[_MEASURE])}."
    )
    return [first, _against(section.claims, split)]


def _best(section: Section, split: str) -> str:
    rows = [row for row in detector_rows(section, split) if row["value"] is not None]
    if not rows:
        return "No line is anomalous, so nothing can be found."
    best = max(rows, key=lambda row: row["value"])
    return f"The best detector {named(split)} is {best['detector']}, with F1 {best['value']:.2f}."


def named(split: str) -> str:
    """Return where a split judges, as a part of a sentence."""
    return f"after {split} of the lines" if split.endswith("%") else f"on {split}"


def _labels(labels: Sequence[LabelCost], split: str) -> str:
    spent = [one for one in labels if one.split == split]
    if not spent:
        return ""
    return f"With {count(spent[0].labels)} labels out of {count(spent[0].lines)} lines, "


def _with_interval(measured: Estimate) -> str:
    if measured.value is None:
        return "-"
    if measured.low is None or measured.high is None:
        return f"{measured.value:.2f}"
    return f"{measured.value:.2f} (95 % interval {measured.low:.2f} to {measured.high:.2f})"


def _against(claims: Sequence[Claim], split: str) -> str:
    """Return which detectors fame beats on a split beyond chance."""
    shown = CLAIM_MEASURES[0][2]
    here = [one for one in claims if (one.split, one.measure) == (split, shown)]
    if not here:
        return "No other detector was studied beside it."
    beaten = [one.baseline for one in here if one.stands]
    left = [one.baseline for one in here if not one.stands]
    tail = f"; not {_list(left)}" if left else ""
    return (
        f"Beyond chance it beats {len(beaten)} of {plural(len(here), 'other detector')} there"
        f"{': ' + _list(beaten) if beaten and len(beaten) <= 4 else ''}{tail}."
    )


def _list(names: Sequence[str]) -> str:
    # Names have commas of their own, as in "fame, k-means".
    marked = [f"“{name}”" for name in names]
    return marked[0] if len(names) == 1 else f"{', '.join(marked[:-1])} and {marked[-1]}"


def curve_sentences(points: Sequence[CurvePoint]) -> list[str]:
    """Return the conclusion of a label curve in two sentences."""
    ours = [p for p in points if p.detector == SUBJECT and p.f1.value is not None] or list(points)
    most = max(ours, key=lambda p: p.labels)
    here = [p for p in ours if p.split == most.split]
    best = max(here, key=lambda p: p.f1.value or 0)
    few = min(here, key=lambda p: (p.labels, -(p.f1.value or 0)))
    return [
        f"{named(most.split).capitalize()}, {best.detector} is best with {count(best.labels)} "
        f"labels chosen by “{best.strategy}”: F1 {_with_interval(best.f1)}.",
        f"With the fewest, {count(few.labels)}, chosen by “{few.strategy}”, it has F1 "
        f"{_with_interval(few.f1)}.",
    ]
