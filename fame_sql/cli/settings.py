"""The commands ``fame settings list|set|reset``."""

from __future__ import annotations

from pathlib import Path

import click

from fame_sql.cli.options.output import Form, form_options, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_done, print_records

_COLUMNS = ("setting", "value", "default", "what")
_CSV_COLUMNS = ("setting", "value", "default", "is_set", "what")


@click.group(short_help="Change settings of counts, incidents and service levels.")
def settings() -> None:
    """Show and change settings of counts, incidents and service levels."""


@settings.command("list")
@warehouse_option
@form_options
def list_(warehouse: Path, form: Form) -> None:
    """List the settings with their values."""
    from fame_sql.operations.settings import list_settings
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        rows = list_settings(opened)
    print_records(rows, _COLUMNS if form == "text" else _CSV_COLUMNS, form, deciding=_COLUMNS)


@settings.command("set")
@click.argument("setting")
@click.argument("value")
@warehouse_option
@json_option
def set_(setting: str, value: str, warehouse: Path, as_json: bool) -> None:
    """Set a setting to a number, or to a span of time such as 2m.

    It holds for what is found from now on; incidents and counts that are stored stay as they are.
    """
    from fame_sql.operations.settings import set_value
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        shown = set_value(opened, setting, value)
    facts = {"setting": setting, "value": shown}
    print_done(f"{setting} is {shown}", facts, as_json=as_json)


@settings.command()
@click.argument("setting")
@warehouse_option
@json_option
def reset(setting: str, warehouse: Path, as_json: bool) -> None:
    """Give a setting its default again."""
    from fame_sql.operations.settings import reset as run
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        shown = run(opened, setting)
    facts = {"setting": setting, "value": shown}
    print_done(f"{setting} is {shown} again", facts, as_json=as_json)
