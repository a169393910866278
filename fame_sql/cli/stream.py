"""Showing a stream: ``fame evaluate --stream``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.output import print_csv, print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import print_table

if TYPE_CHECKING:
    from fame_sql.cli.options.output import Form
    from fame_sql.evaluation.metrics import Estimate
    from fame_sql.evaluation.stream.stream import StreamPlan, StreamResult

_COLUMNS = (
    *("cut", "detector", "answers", "used", "new templates", "lines", "anomalies"),
    *("recall", "false alarms"),
)


def show_stream(warehouse: Path, plan: StreamPlan, form: Form) -> None:
    """Evaluate a stream and print one row for each cut, detector and number of answers."""
    from fame_sql.evaluation.stream.stream import evaluate_stream

    results = evaluate_stream(warehouse, plan, progress=terminal_progress())
    if form == "json":
        print_json([result.to_dict() for result in results])
        return
    if form == "csv":
        columns = (*_COLUMNS[:7], "recall", "low", "high", "false alarms")
        print_csv(
            columns, [_row(r, (r.recall.value, r.recall.low, r.recall.high)) for r in results]
        )
        return
    print_table(_COLUMNS, [_row(r, (_shown(r.recall),)) for r in results])
    click.echo(
        "\nlines of templates that the part before the cut does not hold; the first line of each "
        "counts as missed unless its words find it; false alarms: share of their normal lines"
    )


def _row(result: StreamResult, recall: tuple[object, ...]) -> tuple[object, ...]:
    return (
        result.cut,
        result.detector,
        result.answers,
        round(result.used, 1),
        result.templates,
        result.lines,
        result.anomalies,
        *recall,
        result.false_alarms,
    )


def _shown(value: Estimate) -> str:
    if value.value is None:
        return "no anomalies"
    if value.low is None or value.high is None:
        return f"{value.value:.3f}"
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"
