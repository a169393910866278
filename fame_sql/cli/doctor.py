"""The command ``fame doctor``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.options.wide import table_options
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import print_nothing, print_table
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.operations.levels import Level
    from fame_sql.pipeline.doctor import Finding


@click.command()
@click.option(
    "--deep", is_flag=True, help="Also read every byte of the warehouse, partitions and models."
)
@warehouse_option
@json_option
@table_options
def doctor(deep: bool, warehouse: Path, as_json: bool) -> None:
    """Say what is wrong with the warehouse and how to mend it.

    Problems come with what mends them, then remarks: service levels that were missed lately, no
    model yet, views that other programs cannot read. The exit code is 1 if there is a problem, and
    0 if all is well or there are only remarks, so that cron and CI can ask.
    """
    import duckdb

    from fame_sql.operations.alerts.stored_settings import has_settings
    from fame_sql.operations.levels import read_levels
    from fame_sql.pipeline.doctor import examine
    from fame_sql.storage.views import reach_partitions
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        reach_partitions(opened.connection)
        findings = examine(opened, deep=deep, progress=terminal_progress())
        levels: Sequence[Level] = []
        # What a damaged table says of itself is told already.
        with suppress(duckdb.Error) if findings else nullcontext():
            levels = read_levels(opened)
        is_held = has_settings(opened)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        _print_findings(findings, deep)
        _print_levels(levels, is_held)
    if any(finding.is_problem for finding in findings):
        raise SystemExit(1)


def _print_findings(findings: Sequence[Finding], deep: bool) -> None:
    for finding in sorted(findings, key=lambda finding: not finding.is_problem):
        remark = "" if finding.is_problem else "remark: "
        click.echo(printable(f"{remark}{finding.what}\n  mend it with: {finding.command}"))
    if not any(finding.is_problem for finding in findings):
        print_nothing("nothing is wrong", "fame status" if deep else "fame doctor --deep")


def _print_levels(levels: Sequence[Level], is_held: bool) -> None:
    measured = [level for level in levels if level.ratio is not None]
    if not measured:
        return
    aim = "" if is_held else ", which nobody is held to, since no alerts are set"
    click.echo(f"\nservice levels of the last {measured[0].days:g} days{aim}:")
    print_table(
        ("objective", "ratio", "target", "error budget left"),
        [(each.objective, each.ratio, each.target, _left(each)) for each in measured],
    )


def _left(level: Level) -> str:
    return "" if level.budget_left is None else f"{level.budget_left:.0%}"
