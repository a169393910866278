"""The command ``fame second-opinion``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.language_model import (
    LanguageModelOptions,
    is_asked_for,
    language_model_options_on_request,
)
from fame_sql.cli.options.numbers import COUNT
from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json, print_records
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.requests import print_requests, print_spending
from fame_sql.cli.tables import brief, print_nothing
from fame_sql.console import printable
from fame_sql.files import read_text

if TYPE_CHECKING:
    from fame_sql.operations.opinions.answers import Permission
    from fame_sql.operations.opinions.opinions import Reviewer

_LONGEST_RUNBOOK = 8000
_MOST_SHOWN = 5
_LONGEST = 160
_COLUMNS = (
    *("incident_id", "severity", "model", "opinion_severity", "opinion_type", "summary"),
    *("evidence", "disproof", "proposal"),
)
_ASK = "fame second-opinion --llm-model NAME"
_LOG = ("asked_at", "incident_id", "revision", "model", "permission", "answered", "replayed",
        "request_hash", "cost_usd")  # fmt: skip


@click.command("second-opinion")
@click.argument("incidents", nargs=-1, metavar="[INCIDENT]...")
@click.option(
    "--permission",
    type=click.Choice(["read", "propose"]),
    default="read",
    show_default=True,
    help="What the language model may answer: what it reads, or also what a person could do.",
)
@click.option(
    "--lines",
    type=click.IntRange(1, 200),
    default=100,
    show_default=True,
    metavar="LINES",
    help="Maximum lines of an incident to send.",
)
@click.option(
    "--runbook",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What your runbook says of the service; redacted like everything sent.",
)
@click.option(
    "--top",
    type=COUNT,
    default=5,
    show_default=True,
    metavar="INCIDENTS",
    help="How many incidents to ask about if none is named.",
)
@click.option("--log", "only_log", is_flag=True, help="List what was asked and answered.")
@language_model_options_on_request
@warehouse_option
@form_options
@click.pass_context
def second_opinion(
    context: click.Context,
    incidents: tuple[str, ...],
    permission: Permission,
    lines: int,
    runbook: Path | None,
    top: int,
    only_log: bool,
    llm: LanguageModelOptions,
    warehouse: Path,
    form: Form,
) -> None:
    """Ask a language model about incidents.

    What it says is shown beside FAME's verdict, never instead. With --llm or --llm-model, it is
    asked about the incidents named, or about the worst open ones that it has not seen: their lines,
    templates, history and what came around them, redacted. Its answer must name lines that were
    sent as evidence. It changes no verdict, and nothing that it says is carried out. Without these
    options, the opinions so far are shown.
    """
    from fame_sql.operations.opinions.opinions import Reviewer, read_log, read_opinions
    from fame_sql.warehouse.warehouse import Warehouse

    asked = is_asked_for(context)
    with Warehouse.open(warehouse, read_only=not asked) as opened:
        if only_log:
            nothing = ("no incident was asked about", _ASK)
            print_records(read_log(opened), _LOG, form, nothing)
            return
        if asked:
            model = llm.open(opened)
            model.context = _about(model.context, runbook)
            reviewer = Reviewer(opened, model, permission, lines)
            wanted = reviewer.wanted(incidents, top)
            if llm.dry_run and (wanted or form == "json"):
                print_requests(model, reviewer.preview(wanted), [], as_json=form == "json")
                return
            if wanted and not llm.dry_run:
                _ask(reviewer, wanted)
        rows = read_opinions(opened, incidents)
    _print(rows, form, asked=asked)


def _ask(reviewer: Reviewer, wanted: Sequence[dict[str, Any]]) -> None:
    try:
        reviewer.ask(wanted, terminal_progress())
    finally:
        print_spending(reviewer.model)


def _about(context: str, runbook: Path | None) -> str:
    if runbook is None:
        return context
    return f"{context}\n\nThe runbook:\n{read_text(runbook, '--runbook')[:_LONGEST_RUNBOOK]}"


def _print(rows: list[dict[str, Any]], form: Form, *, asked: bool) -> None:
    if form == "json":
        print_json(rows)
    elif form == "csv":
        print_records(rows, _COLUMNS, form)
    elif not rows and asked:
        click.echo(
            "no open incident is without an opinion: 'fame incidents update' looks for new ones, "
            "and 'fame incidents --all' lists those that you can name"
        )
    elif not rows:
        print_nothing("no incident has a second opinion", _ASK)
    else:
        for row in rows:
            _print_one(row)


def _print_one(row: dict[str, Any]) -> None:
    click.echo(f"\n{row['incident_id']}  {printable(row['service_name'] or '(no service)')}")
    lines = "1 line" if row["lines"] == 1 else f"{row['lines']} lines"
    click.echo(f"  FAME  {row['severity']}: {lines}, {printable(row['template'] or '')}")
    outdated = ", before its last change" if row["is_outdated"] else ""
    if row["opinion_severity"] is None:
        click.echo(f"  {row['model']}  no answer that can be used{outdated}")
        return
    said = f"{row['opinion_severity']}, {row['opinion_type']}: {row['summary']}"
    click.echo(f"  {row['model']}{outdated}  {printable(said)}")
    numbers = ", ".join(map(str, row["evidence"]))
    click.echo(f"    evidence: {'line' if len(row['evidence']) == 1 else 'lines'} {numbers}")
    for message in (row["messages"] or ())[:_MOST_SHOWN]:
        click.echo(f"      {printable(brief(message, _LONGEST))}")
    click.echo(f"    would disprove it: {printable(row['disproof'])}")
    if row["proposal"]:
        click.echo(f"    it proposes, and you decide: {printable(row['proposal'])}")
