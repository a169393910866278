"""The commands ``fame policy show|set``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.author import author_option
from fame_sql.cli.options.numbers import FALSE_ALARMS
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.options.wide import table_options
from fame_sql.cli.output import print_json
from fame_sql.cli.tables import print_facts, print_table

if TYPE_CHECKING:
    from fame_sql.scoring.policy import PolicyReport
    from fame_sql.warehouse.warehouse import Warehouse

UNSEEN = ("alert", "queue-only", "queue", "both")


@click.group(short_help="Configure unseen templates and the false-alarm target.")
def policy() -> None:
    """Configure the handling of unseen templates and the false-alarm target."""


@policy.command()
@warehouse_option
@json_option
@table_options
def show(warehouse: Path, as_json: bool) -> None:
    """Show the current policy and the costs of each policy.

    The costs are false alarms and lines to label. They are estimated on labelled events that were
    held out of training: the events of the calibration slice for known templates, and whole
    templates for unseen ones.
    """
    from fame_sql.scoring.policy import report
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        found = report(opened)
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found)


@policy.command("set")
@click.option(
    "--unseen",
    type=click.Choice(UNSEEN),
    metavar="[alert|queue-only|queue]",
    help="What to do with lines of new templates: queue them for an answer and alert those that "
    "their words call anomalous, alert by their score alone, or alert none before an answer.",
)
@click.option(
    "--max-false-alarms",
    type=FALSE_ALARMS,
    metavar="NUMBER",
    help="Maximum false alarms per million lines; also used by later trainings.",
)
@click.option("--no-target", is_flag=True, help="Remove the false-alarm target.")
@author_option
@warehouse_option
@json_option
def set_(
    unseen: str | None,
    max_false_alarms: float | None,
    no_target: bool,
    author: str | None,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Set the policy for unseen templates or the target.

    A target moves the scale of the scores so that its threshold is 0.5. The champion gets a new
    version without training, and 'fame score' then scores its events.
    """
    from fame_sql.warehouse.warehouse import Warehouse

    if max_false_alarms is not None and no_target:
        raise click.UsageError("use either --max-false-alarms or --no-target, not both")
    if unseen is None and max_false_alarms is None and not no_target:
        raise click.UsageError("nothing to set: give --unseen, --max-false-alarms or --no-target")
    with Warehouse.open(warehouse) as opened:
        facts = _set(opened, unseen, max_false_alarms, no_target, author)
    if as_json:
        print_json(facts)
        return
    print_facts((name.replace("_", " "), value) for name, value in facts.items() if value)
    if facts["next"]:
        click.echo(f"next: {facts['next']}")


def _set(
    warehouse: Warehouse,
    unseen: str | None,
    target: float | None,
    no_target: bool,
    author: str | None,
) -> dict[str, Any]:
    from fame_sql.scoring.policy import read_target, read_unseen, set_unseen

    version, is_scored = None, True
    if target is not None or no_target:
        version, is_scored = _set_target(warehouse, target, author)
    if unseen is not None:
        set_unseen(warehouse, unseen)
    return {
        "unseen": read_unseen(warehouse.connection),
        "max_false_alarms": read_target(warehouse),
        "model_version": version,
        "next": "" if is_scored else "fame score",
    }


def _set_target(
    warehouse: Warehouse, target: float | None, author: str | None
) -> tuple[str | None, bool]:
    """Change the target; return the champion, and whether all its verdicts are stored."""
    from fame_sql.training.false_alarm_target import set_target

    record = set_target(warehouse, target, author=author)
    if record is None:
        return None, True
    unscored = warehouse.value("SELECT unscored FROM fame.coverage()")
    return record.model_version, not unscored


def _print(found: PolicyReport) -> None:
    """Print the policy, the evidence for it, and one row of costs for each policy."""
    print_facts(_facts(found))
    click.echo()
    click.echo("expected in a million lines like the held-out ones:")
    print_table(
        ("unseen", "false alarms", "at most (95 %)", "lines queued"),
        [
            (
                f"{cost.unseen}{' (in force)' if cost.unseen == found.unseen else ''}",
                *map(_count, (cost.false_alarms, cost.at_most, cost.queued)),
            )
            for cost in found.costs
        ],
    )
    for sentence in found.unsupported():
        click.echo(sentence)


def _facts(found: PolicyReport) -> Iterator[tuple[str, object]]:
    target = found.max_false_alarms
    share = found.unseen_share
    held_out = found.unseen_threshold
    yield "unseen", found.unseen
    yield (
        "target",
        "none" if target is None else f"at most {target:g} false alarms per million lines",
    )
    yield "model", found.model_version
    yield "held out, known", f"events worth {found.known.size:.1f} of equal frequency"
    yield "held out, unseen", f"templates worth {held_out.size:.1f} of equal frequency"
    yield "lines of unseen templates", "unknown" if share is None else f"{share:.1%}"
    yield "waiting for a label", found.waiting


def _count(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.0f}"
