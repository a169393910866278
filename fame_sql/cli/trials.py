"""How a log is read, for the terminal: shares, warnings and first records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.quiet import remark
from fame_sql.cli.output import print_json
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.ingest import IngestReport, Reading
    from fame_sql.ingest.trial import Trial

_COLUMNS = (
    *("timestamp", "severity_text", "severity_number", "service_name", "host_name", "body"),
    *("trace_id", "attributes", "label", "line_number", "line_count", "parser", "parse_error"),
)


def print_shares(report: IngestReport, *, err: bool = True) -> None:
    """Print how many records have a time, a level and a host, and what to do if few have."""
    if not report.seen:
        return
    shares = (("time", report.timed), ("level", report.levelled), ("host", report.hosted))
    said = ", ".join(f"{name} {count / report.seen:.0%}" for name, count in shares)
    more = f", {report.continued} continuation lines" if report.continued else ""
    if err:
        remark(f"  {said}{more}; {printable(report.reason)}")
    else:
        click.echo(f"  {said}{more}; {printable(report.reason)}")
    for warning in report.warnings:
        click.echo(f"  warning: {printable(warning)}", err=err)


def show_trials(files: Sequence[Path], reading: Reading, *, as_json: bool) -> None:
    """Print how files would be read, without a warehouse."""
    from fame_sql.ingest.trial import trial_warehouse, try_file

    with trial_warehouse() as warehouse:
        trials = [try_file(warehouse, file, reading) for file in files]
    if as_json:
        print_json([_plain(trial) for trial in trials])
        return
    for trial in trials:
        _print(trial)


def _plain(trial: Trial) -> dict[str, Any]:
    records = [{name: record[name] for name in _COLUMNS} for record in trial.records]
    return {**asdict(trial.report), "records": records}


def _print(trial: Trial) -> None:
    report = trial.report
    click.echo(f"{printable(report.source_path)}: {report.format}, {report.rows} records")
    print_shares(report, err=False)
    for record in trial.records:
        click.echo(f"  line {record['line_number']}:")
        for name in _COLUMNS:
            value = record[name]
            if value is not None and name != "line_number" and (name, value) != ("line_count", 1):
                click.echo(f"    {name:<16}{printable(str(value))}")
