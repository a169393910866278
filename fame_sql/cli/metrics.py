"""The command ``fame metrics``."""

from __future__ import annotations

from pathlib import Path

import click

from fame_sql.cli.options.warehouse import warehouse_option


@click.command(short_help="Write metrics of the warehouse for Prometheus.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write them to this file, replaced in one step, instead of stdout.",
)
@warehouse_option
def metrics(out: Path | None, warehouse: Path) -> None:
    """Write metrics of the warehouse in the format OpenMetrics.

    Give a file that ends in .prom in the folder of the textfile collector of Prometheus's node
    exporter, and run this from cron. A file that cannot be replaced stays as it is, and the metric
    fame_metrics_timestamp_seconds says how old it is.
    """
    from fame_sql.files import write_text
    from fame_sql.operations.metrics import as_text, measure
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    with Warehouse.open(warehouse, read_only=True) as opened:
        text = as_text(measure(opened, utc_now()))
    if out is None:
        click.echo(text, nl=False)
    else:
        # The collector runs as another user.
        write_text(out, text, force=True, for_all=True)
