"""What ``fame ingest`` says of its sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from fame_sql.cli.trials import print_shares, shares_of
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.ingest import IngestReport


def print_report(report: IngestReport) -> None:
    """Print what became of a source."""
    name = printable(report.source_path)
    if report.state == "failed":
        click.echo(f"{name}: failed")
        click.echo(f"  {printable(report.error or '')}")
        return
    if report.state == "empty":
        click.echo(f"{name}: empty")
        return
    format = "no known format" if report.is_unknown else report.format
    click.echo(f"{name}: {report.state}, {_lines(report.rows)} ({format})")
    print_shares(report)
    for note in _notes(report):
        click.echo(f"  {printable(note)}")
    if report.errors:
        kept = "and is kept" if report.errors == 1 else "and are kept"
        click.echo(f"  {_lines(report.errors)} could not be parsed completely {kept}:")
    for example in report.examples:
        click.echo(f"  line {example.line_number}: {printable(example.parse_error)}")


def _lines(count: int) -> str:
    return f"{count} line" if count == 1 else f"{count} lines"


def _notes(report: IngestReport) -> Iterator[str]:
    """Yield what is to be said about where the lines of a source were read before."""
    if report.read_as is not None:
        yield f"its lines were read as {report.read_as} before"
    if report.copy_of is not None:
        is_one = report.copied_lines == 1
        what = "its first line is" if is_one else f"its first {report.copied_lines} lines are"
        whose = "that" if is_one else "those"
        yield f"possible copy: {what} also {whose} of {report.copy_of} (see --skip-copies)"
    if report.gone:
        lines = f"{_lines(report.gone)} that {'was' if report.gone == 1 else 'were'}"
        yield (
            f"{lines} read before: the table has no such row any more, as it was changed or "
            "deleted there; what was read stays"
        )
    if report.state == "rotated":
        yield "other lines were read under this name before; all lines of this file are new"
    if report.state == "truncated":
        yield "the file is shorter than before; its lines that were read before are left out"


def print_sum(reports: Sequence[IngestReport]) -> None:
    """Print what became of all sources."""
    states = Counter(report.state for report in reports)
    counted = ", ".join(f"{count} {state}" for state, count in states.most_common())
    click.echo(f"{len(reports)} sources: {counted}; {_lines(sum(r.rows for r in reports))} added")
    if any(report.seen for report in reports):
        click.echo(f"  {shares_of(reports)}")
    if doubtful := [report for report in reports if report.warnings]:
        first = printable(doubtful[0].source_path)
        click.echo(f"  {len(doubtful)} sources with a warning, the first is {first}")
