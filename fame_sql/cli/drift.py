"""The command ``fame drift``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json, print_records
from fame_sql.cli.tables import brief, print_text

_SERVICE = ("service_name", "freshness", "recent_lines", "unknown_share", "unknown_templates")
_SERVICES = (*_SERVICE, "psi", "distance", "p_value")
_TEMPLATES = ("service_name", "change", "recent_lines", "expected", "g", "template")
_DECIDING = ("service_name", "change", "recent_lines", "expected", "template")
_SHOWN = 10
_LONGEST = 80


@click.command(short_help="Show whether the model still knows the lines that come.")
@warehouse_option
@form_options
def drift(warehouse: Path, form: Form) -> None:
    """Show whether the model still knows the lines that come.

    Compares the newest 10,000 lines after the training period with the lines that the model was
    calibrated on, by service: the share that no template knows, and the scores. Says fresh, ageing
    or stale, why, which command mends it and what that costs.
    """
    from fame_sql.operations.drift import read_drift
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        found = read_drift(opened)
    if form == "json":
        print_json(asdict(found))
        return
    if form == "csv":
        print_records(found.services, _SERVICES, form)
        return
    print_text(f"{found.freshness}: {found.reason}")
    if found.command is not None:
        print_text(f"next: {found.command} ({found.price})")
    if not found.services:
        return
    click.echo()
    print_records(found.services, _SERVICES, form, deciding=_SERVICE)
    if found.templates:
        changed = len(found.templates)
        most = f", the {_SHOWN} that did most (--json has all)" if changed > _SHOWN else ""
        click.echo(f"\n{changed} templates have changed{most}")
        shown = [{**t, "template": brief(t["template"], _LONGEST)} for t in found.templates]
        print_records(shown[:_SHOWN], _TEMPLATES, form, deciding=_DECIDING)
