"""The command ``fame compact``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress


@click.command()
@click.option("--drop-superseded", is_flag=True, help="Also drop the verdicts of archived models.")
@warehouse_option
@json_option
def compact(drop_superseded: bool, warehouse: Path, as_json: bool) -> None:
    """Make the warehouse's file smaller after rows were dropped.

    In a lake, small files are merged, while others read and load.
    """
    from fame_sql.storage.compaction import compact as run
    from fame_sql.warehouse.lake.address import is_lake_path

    if is_lake_path(warehouse):
        _compact_lake(warehouse, drop_superseded=drop_superseded, as_json=as_json)
        return
    report = run(warehouse, drop_superseded=drop_superseded, progress=terminal_progress())
    if as_json:
        print_json(asdict(report))
        return
    click.echo(
        f"{report.bytes_before / 1e6:.1f} MB before, {report.bytes_after / 1e6:.1f} MB now; "
        f"{report.rows} rows kept, {report.dropped_scores} verdicts of archived models dropped"
    )


def _compact_lake(path: Path, *, drop_superseded: bool, as_json: bool) -> None:
    from fame_sql.storage.compaction import compact_lake
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(path) as warehouse:
        report = compact_lake(
            warehouse, drop_superseded=drop_superseded, progress=terminal_progress()
        )
    if as_json:
        print_json(asdict(report))
        return
    click.echo(
        f"{report.files_before} files with {report.bytes_before / 1e6:.1f} MB before, "
        f"{report.files_after} with {report.bytes_after / 1e6:.1f} MB now; "
        f"{report.dropped_scores} verdicts of archived models dropped"
    )
    click.echo(
        "the files before stay as long as a snapshot shows them: 'fame expire' forgets those"
    )
