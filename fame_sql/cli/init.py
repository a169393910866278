"""The command that makes an empty warehouse, in a file or in a lake."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.output import force_option, json_option
from fame_sql.cli.options.warehouse import DEFAULT_WAREHOUSE
from fame_sql.cli.output import print_json
from fame_sql.console import printable
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.warehouse.lake.address import LakeAddress
    from fame_sql.warehouse.warehouse import Warehouse

_LAKE = "warehouse.lake"


@click.command()
@click.option(
    "--lake",
    metavar="ADDRESS",
    help="Make it in a lake: ducklake:postgres:dbname=… for many writers, or ducklake:FILE.",
)
@click.option("--data", metavar="PLACE", help="The folder or bucket of the lake's Parquet files.")
@click.option(
    "--from",
    "source",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Copy this warehouse into the new lake; files of its partitions stay in place.",
)
@click.option("--encrypted", is_flag=True, help="Encrypt the lake's Parquet files.")
@click.option(
    "--warehouse",
    type=click.Path(dir_okay=True, path_type=Path),
    envvar="FAME_WAREHOUSE",
    show_default=f"$FAME_WAREHOUSE, then ./{DEFAULT_WAREHOUSE}, with --lake ./{_LAKE}",
    help="The warehouse: a DuckDB file, or the file that names the lake.",
)
@force_option
@json_option
def init(
    lake: str | None,
    data: str | None,
    source: Path | None,
    encrypted: bool,
    warehouse: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Make an empty warehouse.

    'fame ingest' makes one in a file by itself. With --lake its tables are in a lake, which many
    machines write and read at once; a small file names the lake, and other commands take it as
    --warehouse. Where the lake is there already, only that file is written.
    """
    if lake is None and (data is not None or source is not None or encrypted):
        raise click.UsageError(
            "--data, --from and --encrypted are for a lake: name one with --lake"
        )
    made = _file(warehouse) if lake is None else _lake(lake, data, warehouse, encrypted, force)
    copied = {} if source is None else _copy(source, made)
    if as_json:
        print_json({"warehouse": str(made), **copied})
        return
    if copied:
        click.echo(
            "copied {lines:,} lines, {events:,} events and {models} models; {files} files of "
            "partitions are registered where they are".format(**copied)
        )
    click.echo(printable(f"{made} is a warehouse: next, 'fame ingest LOGFILE --warehouse {made}'"))


def _file(warehouse: Path | None) -> Path:
    from fame_sql.warehouse.warehouse import Warehouse

    path = warehouse or Path(DEFAULT_WAREHOUSE)
    if path.exists():
        raise InputError(f"{path} exists: name another file with --warehouse")
    Warehouse.open(path, create=True).close()
    return path


def _copy(source: Path, lake: Path) -> dict[str, int]:
    from fame_sql.storage.into_lake import copy_into_lake
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(lake, external_access=True) as opened:
        return asdict(copy_into_lake(source, opened))


def _lake(
    lake: str, data: str | None, warehouse: Path | None, encrypted: bool, force: bool
) -> Path:
    from fame_sql.files import check_new
    from fame_sql.warehouse.lake.address import SUFFIX, parse_address, write_address
    from fame_sql.warehouse.lake.opening import create_lake, exists
    from fame_sql.warehouse.warehouse import Warehouse

    path = warehouse or Path(_LAKE)
    if path.suffix != SUFFIX:
        raise InputError(f"{path} cannot name a lake: use a file that ends with {SUFFIX}")
    check_new(path, force=force)
    address, was_there = parse_address(lake, data), path.exists()
    if not exists(address):
        create_lake(address, encrypted=encrypted)
    write_address(path, address, force=force)
    try:
        with Warehouse.open(path, create=True) as opened:
            _check_same(opened, address, encrypted)
    except BaseException:
        if not was_there:
            path.unlink()
        raise
    return path


def _check_same(opened: Warehouse, address: LakeAddress, encrypted: bool) -> None:
    """Refuse a place or an encryption that the lake, which may be an older one, has not."""
    from fame_sql.warehouse.lake.opening import options

    found = options(opened.connection)
    there = found["data_path"]
    if encrypted and found.get("encrypted") != "true":
        raise InputError(
            f"the lake {address} is there, and is not encrypted: leave out --encrypted, or make "
            "another one and copy this one into it"
        )
    if address.data not in (None, there):
        raise InputError(
            f"the lake {address} is there, and has its files at {there}, not at {address.data}: "
            "leave out --data, or name another catalogue"
        )
