"""The commands on what is done about the unseen, and on the target of false alarms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.output import json_option, print_facts, print_json, print_table, warehouse_option
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.scoring.policy import PolicyReport
    from fame_sql.warehouse.warehouse import Warehouse


@click.group("policy")
def policy() -> None:
    """Say what is done about unseen templates, and how many false alarms are borne."""


@policy.command("show")
@warehouse_option
@json_option
def show(warehouse: Path, as_json: bool) -> None:
    """Show the policy in force, and what each would cost in false alarms.

    From labelled events that a network did not learn from: those of the calibration slice for
    templates known before it, templates left out for unseen ones.
    """
    from fame_sql.scoring.policy import report
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        found = report(opened)
    if as_json:
        print_json(found.to_dict())
        return
    print_policy(found)


@policy.command("set")
@click.option("--unseen", help="What is done about unseen templates: alert, queue or both.")
@click.option("--max-false-alarms", type=float, help="At most so many a million lines.")
@click.option("--no-target", is_flag=True, help="Forget the target of false alarms.")
@click.option("--author", help="Who wants it.  [default: the user's name]")
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
    """Set the policy for unseen templates, the target of false alarms, or both.

    A target moves the scale so that 0.5 is its line: the champion gets a new version, without
    training, and 'fame score' judges anew.
    """
    from fame_sql.warehouse.warehouse import Warehouse

    if max_false_alarms is not None and no_target:
        raise click.UsageError("use one of --max-false-alarms and --no-target")
    if unseen is None and max_false_alarms is None and not no_target:
        raise click.UsageError("name --unseen, --max-false-alarms or --no-target")
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
    from fame_sql.scoring.policy import UNSEEN, read_target, read_unseen, set_unseen

    if unseen is not None and unseen not in UNSEEN:
        raise InputError(f"--unseen {unseen!r} is not known; use one of {', '.join(UNSEEN)}")
    version, is_scored = None, True
    if target is not None or no_target:
        version, is_scored = _retarget(warehouse, target, author)
    if unseen is not None:
        set_unseen(warehouse, unseen)
    return {
        "unseen": read_unseen(warehouse.connection),
        "max_false_alarms": read_target(warehouse),
        "model_version": version,
        "next": "" if is_scored else "fame score",
    }


def _retarget(
    warehouse: Warehouse, target: float | None, author: str | None
) -> tuple[str | None, bool]:
    """Return the champion after a change of target, and whether all its verdicts are stored."""
    from fame_sql.training.false_alarm_target import set_target

    record = set_target(warehouse, target, author=author)
    if record is None:
        return None, True
    unscored = warehouse.value("SELECT unscored FROM fame.coverage()")
    return record.model_version, not unscored


def print_policy(found: PolicyReport) -> None:
    """Print the policy, the evidence behind it, and a row of costs for each policy."""
    print_facts(_facts(found))
    click.echo()
    click.echo("expected in a million lines like those held out:")
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
    yield "unseen", found.unseen
    yield "target", "none" if target is None else f"at most {target:g} false alarms a million lines"
    yield "model", found.model_version
    yield "held out, known", f"events worth {found.known.size:.1f} of equal frequency"
    yield (
        "held out, unseen",
        f"templates worth {found.unseen_threshold.size:.1f} of equal frequency",
    )
    yield "lines of unseen templates", "unknown" if share is None else f"{share:.1%}"
    yield "waiting for a label", found.waiting


def _count(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.0f}"
