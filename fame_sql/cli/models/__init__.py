"""The command group ``fame models``."""

from __future__ import annotations

import click

from fame_sql.cli.models.compare import compare
from fame_sql.cli.models.convert import convert
from fame_sql.cli.models.export import export
from fame_sql.cli.models.list import list_
from fame_sql.cli.models.promote import promote
from fame_sql.cli.models.show import show


@click.group()
def models() -> None:
    """Manage trained models."""


for _command in (list_, show, compare, promote, convert, export):
    models.add_command(_command)
