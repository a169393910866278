"""The command ``fame models list``."""

from __future__ import annotations

from pathlib import Path

import click

from fame_sql.cli.models.facts import LISTED, model_facts
from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_records


@click.command("list")
@warehouse_option
@form_options
def list_(warehouse: Path, form: Form) -> None:
    """List the models, newest first.

    The list has the time, author and reason of each model's last promotion.
    """
    from fame_sql.models import models as read
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        found = [model_facts(opened, record) for record in read(opened)]
    nothing = ("no model", "fame compile")
    print_records(found, LISTED, form, nothing, deciding=(*LISTED[:3], *LISTED[-3:]))
