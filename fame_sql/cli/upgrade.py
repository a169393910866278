"""The command that brings a warehouse of an older fame-sql up to date."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.tables import print_facts
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.warehouse.dry_run import UpgradePlan
    from fame_sql.warehouse.upgrade import UpgradeReport


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--no-backup", is_flag=True, help="Keep no copy of the file.")
@warehouse_option
@json_option
def upgrade(dry_run: bool, no_backup: bool, warehouse: Path, as_json: bool) -> None:
    """Bring a warehouse of an older fame-sql up to date.

    Every command that writes to a warehouse does this first. The upgrade is one transaction: if it
    is stopped, the warehouse is as it was. Where tables change, a copy of the file is kept beside
    it to go back to.
    """
    if dry_run:
        _show_plan(warehouse, keep_copy=not no_backup, as_json=as_json)
    else:
        _upgrade(warehouse, keep_copy=not no_backup, as_json=as_json)


def _show_plan(warehouse: Path, *, keep_copy: bool, as_json: bool) -> None:
    from fame_sql.warehouse.dry_run import plan_upgrade

    plan = plan_upgrade(warehouse, keep_copy=keep_copy)
    if as_json:
        print_json(plan.to_dict())
    elif plan.redefined:
        _print_plan(plan)
    else:
        click.echo(_up_to_date(plan.path, plan.after))


def _upgrade(warehouse: Path, *, keep_copy: bool, as_json: bool) -> None:
    from fame_sql.warehouse.upgrade import upgrade as run

    report = run(warehouse, keep_copy=keep_copy)
    if as_json:
        copy = None if report.copy is None else str(report.copy)
        paths = {"path": str(report.path), "copy": copy, "go_back": report.go_back}
        print_json({**asdict(report), **paths})
    else:
        _print_report(report)


def _print_plan(plan: UpgradePlan) -> None:
    from fame_sql.warehouse.dry_run import HOW_ESTIMATED

    click.echo(
        printable(f"{plan.path} has schema {plan.before}, this fame-sql uses schema {plan.after}")
    )
    print_facts((f"schema step {number}", name) for number, name in plan.steps)
    print_facts(
        [
            (f"{len(plan.redefined)} views and macros defined again", ", ".join(plan.redefined)),
            ("time, about", f"{plan.seconds:,.1f} s ({HOW_ESTIMATED})"),
            ("disk, copy of the file", f"{plan.copy_bytes / 1e6:,.1f} MB"),
            ("disk, tables that change, at most", f"{plan.rewritten_bytes / 1e6:,.1f} MB"),
            ("disk, free", f"{plan.free_bytes / 1e6:,.0f} MB{'' if plan.fits else ': too little'}"),
        ]
    )
    click.echo("nothing was changed; to upgrade, run 'fame upgrade'")


def _print_report(report: UpgradeReport) -> None:
    from fame_sql.warehouse.lake.address import is_lake_path

    if not report.changed:
        click.echo(_up_to_date(report.path, report.after))
        return
    if report.before == report.after:
        click.echo(printable(f"views and macros of {report.path} were defined again"))
        return
    click.echo(
        printable(
            f"{report.path} was upgraded from schema {report.before} to {report.after} "
            f"in {report.seconds:.1f} s"
        )
    )
    if report.copy is None:
        kept = "a lake keeps what it was until 'fame expire'" if is_lake_path(report.path) else ""
        click.echo(kept or "no copy was kept")
        return
    click.echo(printable(f"it is kept as it was in {report.copy}"))
    click.echo(printable(f"to go back, close the warehouse and run: {report.go_back}"))


def _up_to_date(path: Path, version: int) -> str:
    return printable(f"{path} is up to date: schema {version}")
