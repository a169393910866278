"""What 'fame evaluate --study' shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.output import print_json, print_table, terminal_progress
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.evaluation.metrics import Measured
    from fame_sql.evaluation.report.report import StudyReport
    from fame_sql.evaluation.study.label_curve import Point
    from fame_sql.evaluation.study.study import StudyPlan

_COLUMNS = (
    "split",
    "lines",
    "detector",
    "precision",
    "recall",
    "F1",
    "AP",
    "false alarms/M",
    "calibration error",
    "recall bound",
)


@dataclass(frozen=True)
class StudyChoices:
    """What the command line says of a study.

    Parameters
    ----------
    cuts, per_template : str
        Numbers separated by commas: splits by time, and K.
    folds, seeds : int
        Folds of templates left out, and seeds of training.
    detectors : str or None
        Names separated by semicolons; None for all.
    weighting : str
        What the table in the terminal counts.
    label_curve : bool
        Compare strategies of labelling for every K.
    html : Path or None
        Where the page goes.
    part : str or None
        The lines that the table in the terminal shows; None for every part.
    encoder : str or None
        What the students read by; None for compact.
    fetch : bool
        Whether the hub may be asked for it.
    """

    cuts: str
    per_template: str
    folds: int
    seeds: int
    detectors: str | None
    weighting: str
    label_curve: bool
    html: Path | None
    part: str | None = None
    encoder: str | None = None
    fetch: bool = False

    def plan(self, per_template: int, all_detectors: Sequence[str] | None = None) -> StudyPlan:
        """Return the plan for one K, with these detectors where the user names none."""
        from fame_sql.evaluation.study.study import DETECTORS, StudyPlan
        from fame_sql.students.config import COMPACT
        from fame_sql.students.presets import choose

        asked = [d.strip() for d in self.detectors.split(";")] if self.detectors else None
        names = tuple(asked or all_detectors or DETECTORS)
        return StudyPlan(
            cuts=tuple(_numbers(self.cuts, "cuts", "0.5,0.8")),
            folds=self.folds,
            seeds=self.seeds,
            per_template=per_template,
            detectors=names,
            config=choose(self.encoder or COMPACT, fetch=self.fetch),
        )

    def each_k(self) -> list[int]:
        """Return every K in the order given."""
        numbers = list(_numbers(self.per_template, "K", "1,5,20"))
        for place, k in enumerate(numbers):
            if not (k >= 1 and k.is_integer()):
                raise InputError(f"K must be a whole number from 1 on, not {k:g}: write 1,5,20")
            if k in numbers[:place]:
                raise InputError(f"the K {k:g} is given twice: give each K once")
        if not numbers:
            raise InputError(f"{self.per_template!r} names no K: write numbers such as 1,5,20")
        return [int(k) for k in numbers]

    def weightings(self, as_json: bool) -> tuple[str, ...]:
        """Return what is counted: all there is for JSON and the page."""
        from fame_sql.evaluation.study.weightings import WEIGHTINGS

        return tuple(WEIGHTINGS) if as_json or self.html else (self.weighting,)


def _numbers(text: str, what: str, example: str) -> Iterator[float]:
    try:
        yield from [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise InputError(f"{text!r} are no {what}: write numbers such as {example}") from None


def show_study(warehouse: Path, choices: StudyChoices, as_json: bool) -> None:
    """Run the study for every K, print it as tables or JSON, and write all of them as a page."""
    if choices.html is not None:
        _check_writable(choices.html)
    folder = warehouse.with_name(f"{warehouse.stem}.study")
    if choices.label_curve:
        _show_curve(warehouse, folder, choices, as_json)
        return
    reports: list[StudyReport] = []
    for plan in [choices.plan(k) for k in choices.each_k()]:
        reports.append(_report(warehouse, folder, plan, choices.weightings(as_json)))
        if not as_json:
            print_table(_COLUMNS, _rows(reports[-1].measures[choices.weighting], choices.part))
            click.echo("\n".join(reports[-1].facts))
        if choices.html is not None:
            _write_page(choices.html, warehouse, reports)
    if as_json:
        shown = [report.to_dict() for report in reports]
        print_json(shown[0] if len(shown) == 1 else {"studies": shown})


def _report(
    warehouse: Path, folder: Path, plan: StudyPlan, weightings: Sequence[str]
) -> StudyReport:
    from fame_sql.evaluation.report.report import StudyReport
    from fame_sql.evaluation.study.study import run_study

    findings = run_study(warehouse, folder, plan, progress=terminal_progress())
    return StudyReport.of(plan, findings, weightings)


def _check_writable(html: Path) -> None:
    """Check that the page can be written before hours are spent on what it shows."""
    is_new = not html.exists()
    try:
        html.open("a").close()
        if is_new:
            html.unlink()
    except OSError as error:
        raise InputError(f"{html} cannot be written: {error.strerror}") from None


def _show_curve(warehouse: Path, folder: Path, choices: StudyChoices, as_json: bool) -> None:
    from fame_sql.evaluation.study.label_curve import CURVE_DETECTORS, label_curve

    each_k = choices.each_k()
    plan = choices.plan(each_k[-1], CURVE_DETECTORS)
    points = label_curve(warehouse, folder, plan, each_k, progress=terminal_progress())
    if choices.html is not None:
        _write_page(choices.html, warehouse, [_report(warehouse, folder, plan, ())], points)
    if as_json:
        print_json([point.to_dict() for point in points])
        return
    columns = ("split", "detector", "labels chosen", "K", "lines labelled", "F1", "AP")
    print_table(
        columns,
        [(*p.names, f"{p.labels:.0f}", _shown(p.f1), _shown(p.average_precision)) for p in points],
    )


def _rows(
    measures: Mapping[tuple[str, str, str], Mapping[str, Measured]], wanted: str | None
) -> list[tuple[object, ...]]:
    rows = [
        (split, part, detector, *(_shown(value) for value in found.values()))
        for (split, detector, part), found in measures.items()
        if wanted in (None, part)
    ]
    return sorted(rows, key=lambda row: (row[0], row[1]))


def _shown(measured: Measured) -> str:
    if measured.value is None:
        return "-"
    digits = 0 if measured.value > 1.5 else 3
    if measured.low is None or measured.high is None:
        return f"{measured.value:.{digits}f}"
    interval = f"[{measured.low:.{digits}f}, {measured.high:.{digits}f}]"
    return f"{measured.value:.{digits}f} {interval}"


def _write_page(
    html: Path, warehouse: Path, reports: Sequence[StudyReport], curve: Sequence[Point] = ()
) -> None:
    from fame_sql.evaluation.report.page import html_page
    from fame_sql.evaluation.study.splits import read_lines
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        texts = read_lines(opened).canonical
    sections = [report.section(texts) for report in reports]
    try:
        html.write_text(html_page(f"Study of {warehouse.name}", sections, curve), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{html} cannot be written: {error.strerror}") from None
