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
from fame_sql.errors import InputError

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
    said = shares_of([report])
    more = f", {report.continued} continuation lines" if report.continued else ""
    if report.encoding not in ("", "utf-8"):
        more += f", read as {report.encoding.upper()}"
    if err:
        remark(f"  {said}{more}; {printable(report.reason)}")
    else:
        click.echo(f"  {said}{more}; {printable(report.reason)}")
    for warning in report.warnings:
        click.echo(f"  warning: {printable(warning)}", err=err)


def shares_of(reports: Sequence[IngestReport]) -> str:
    """Say how many records of some sources have a time, a level and a host."""
    seen = sum(report.seen for report in reports)
    counts = {
        "time": sum(report.timed for report in reports),
        "level": sum(report.levelled for report in reports),
        "host": sum(report.hosted for report in reports),
    }
    return ", ".join(f"{name} {count / seen:.0%}" for name, count in counts.items())


def show_trials(files: Sequence[Path], reading: Reading, own: Path, *, as_json: bool) -> None:
    """Print how sources would be read, without a warehouse.

    Parameters
    ----------
    files : sequence of Path
        Files, folders, patterns, archives, pipes, or ``-`` for standard input.
    reading : Reading
        The settings.
    own : Path
        The warehouse into which they would be read.
    as_json : bool
        Print JSON.

    Raises
    ------
    InputError
        If the only source cannot be read.
    SystemExit
        If one of several cannot.
    """
    from fame_sql.ingest.trial import trial_warehouse, try_inputs

    trials: list[Trial] = []
    is_one = len(files) == 1 and not files[0].is_dir()
    with trial_warehouse() as warehouse:
        for trial in try_inputs(warehouse, files, reading, own):
            report = trial.report
            if is_one and report.state in ("failed", "empty") and not trials:
                empty = f"{report.source_path} is empty: name a file with log lines"
                raise InputError(report.error or empty)
            trials.append(trial)
            if not as_json:
                _print(trial)
    if as_json:
        print_json([_plain(trial) for trial in trials])
    if any(trial.report.state == "failed" for trial in trials):
        raise SystemExit(1)


def _plain(trial: Trial) -> dict[str, Any]:
    records = [{name: record[name] for name in _COLUMNS} for record in trial.records]
    return {**asdict(trial.report), "records": records}


def _print(trial: Trial) -> None:
    report = trial.report
    if report.state in ("failed", "empty"):
        said = f": {printable(report.error)}" if report.error else ""
        click.echo(f"{printable(report.source_path)}: {report.state}{said}")
        return
    click.echo(f"{printable(report.source_path)}: {report.format}, {report.rows} records")
    print_shares(report, err=False)
    for record in trial.records:
        click.echo(f"  line {record['line_number']}:")
        for name in _COLUMNS:
            value = record[name]
            if value is not None and name != "line_number" and (name, value) != ("line_count", 1):
                click.echo(f"    {name:<16}{printable(str(value))}")
