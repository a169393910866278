"""What ``fame evaluate --study`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.output import Form
from fame_sql.cli.options.study import StudyOptions
from fame_sql.cli.output import print_csv, print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import print_table
from fame_sql.files import check_new

if TYPE_CHECKING:
    from fame_sql.evaluation.presentation.report import StudyReport
    from fame_sql.evaluation.study.study import StudyPlan


def show_study(warehouse: Path, options: StudyOptions, form: Form) -> None:
    """Run the study for every K, print it, and write the page if one is asked for."""
    if options.html is not None:
        from fame_sql.forensics.drawing import need_all

        # Before a study that may take hours.
        check_new(options.html, force=options.force)
        need_all()
    folder = warehouse.with_name(f"{warehouse.stem}.study")
    if options.label_curve:
        _show_curve(warehouse, folder, options, form)
    else:
        _show_each_k(warehouse, folder, options, form)


def _show_each_k(warehouse: Path, folder: Path, options: StudyOptions, form: Form) -> None:
    reports: list[StudyReport] = []
    for plan in [options.plan(k) for k in options.each_k()]:
        reports.append(_report(warehouse, folder, plan, options.weightings(form == "json")))
        if form == "text":
            _print_report(reports[-1], options)
        if options.html is not None:
            from fame_sql.evaluation.presentation.page_file import write_page

            write_page(options.html, warehouse, reports)
    if form == "csv":
        _print_csv(reports, options)
    elif form == "json":
        shown = [report.to_dict() for report in reports]
        print_json(shown[0] if len(shown) == 1 else {"studies": shown})


def _report(
    warehouse: Path, folder: Path, plan: StudyPlan, weightings: Sequence[str]
) -> StudyReport:
    from fame_sql.evaluation.presentation.report import StudyReport
    from fame_sql.evaluation.study.study import run_study

    findings = run_study(warehouse, folder, plan, progress=terminal_progress())
    return StudyReport.of(plan, findings, weightings)


def _print_report(report: StudyReport, options: StudyOptions) -> None:
    from fame_sql.evaluation.presentation.table import COLUMNS, study_rows

    print_table(COLUMNS, study_rows(report.measures[options.weighting], options.shown_part))
    click.echo("\n".join(report.facts))


def _print_csv(reports: Sequence[StudyReport], options: StudyOptions) -> None:
    from fame_sql.evaluation.presentation.table import COLUMNS, alone, study_rows

    rows = [
        (report.plan.per_template, *row)
        for report in reports
        for row in study_rows(report.measures[options.weighting], options.shown_part, alone)
    ]
    print_csv(("K", *COLUMNS), rows)


def _show_curve(warehouse: Path, folder: Path, options: StudyOptions, form: Form) -> None:
    from fame_sql.evaluation.presentation.page_file import write_page
    from fame_sql.evaluation.presentation.table import CURVE_COLUMNS, alone, curve_rows
    from fame_sql.evaluation.study.label_curve import CURVE_DETECTORS, label_curve

    each_k = options.each_k()
    plan = options.plan(each_k[-1], CURVE_DETECTORS)
    points = label_curve(warehouse, folder, plan, each_k, progress=terminal_progress())
    if options.html is not None:
        write_page(options.html, warehouse, [_report(warehouse, folder, plan, ())], points)
    if form == "json":
        print_json([point.to_dict() for point in points])
    elif form == "csv":
        print_csv(CURVE_COLUMNS, curve_rows(points, alone))
    else:
        print_table(CURVE_COLUMNS, curve_rows(points))
