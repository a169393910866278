"""The command 'label': the logs' own labels, a rule, a language model, and people."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.language_model import ModelOptions, model_options, print_plan, tell_bill
from fame_sql.cli.output import (
    json_option,
    print_facts,
    print_json,
    print_table,
    terminal_progress,
    warehouse_option,
)
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.labels import LabelReport
    from fame_sql.labels.by_people.review import Review
    from fame_sql.warehouse.warehouse import Warehouse

LINES_A_TEMPLATE = 20

per_template_option = click.option(
    "-k",
    "--per-template",
    type=int,
    default=LINES_A_TEMPLATE,
    show_default=True,
    help="Judge at most so many lines of a template.",
)


@click.group(invoke_without_command=True)
@per_template_option
@click.option("--rule", metavar="SEVERITY", help="Judge by a rule: this severity and above.")
@click.option(
    "--strategy",
    type=click.Choice(["per-template", "active", "random"]),
    default="per-template",
    show_default=True,
    help="From the logs' own labels: K a template, or --lines of the most use, or at random.",
)
@click.option("--lines", type=int, help="With --strategy active or random: lines to judge.")
@click.option("--again", is_flag=True, help="With --model: also templates that have labels.")
@model_options
@warehouse_option
@json_option
@click.pass_context
def label(
    context: click.Context,
    per_template: int,
    rule: str | None,
    strategy: str,
    lines: int | None,
    again: bool,
    asked: ModelOptions,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Judge at most K lines a template, from the training period only.

    Without options, by the label column of the logs, in which every line has its own: lines
    alike follow when the messages end. With --model, by a language model, which reads each
    message once, and fewer where the first ones agree. A person judges with 'fame label export', a
    spreadsheet and 'fame label import', or with 'fame label review'; their word wins over
    every other.
    """
    if context.invoked_subcommand is not None:
        return
    from fame_sql import labels
    from fame_sql.warehouse.warehouse import Warehouse

    if rule is not None and asked.wanted:
        raise click.UsageError("use one of --rule and --model")
    if (strategy != "per-template") != (lines is not None) or (lines and (rule or asked.wanted)):
        raise click.UsageError("--lines goes with --strategy active or random, and nothing else")
    with Warehouse.open(warehouse) as opened:
        if asked.wanted and asked.dry_run:
            _print_label_plan(opened, asked, per_template, again=again, as_json=as_json)
            return
        if asked.wanted:
            report = _read(opened, asked, per_template, again=again)
        elif rule is not None:
            report = labels.label_from_severity(opened, rule, per_template=per_template)
        elif lines is not None:
            report = labels.label_some_from_column(opened, lines, strategy=strategy)
        else:
            report = labels.label_from_column(opened, per_template=per_template)
    _print_report(report, as_json=as_json)


def _read(
    warehouse: Warehouse, asked: ModelOptions, per_template: int, *, again: bool
) -> LabelReport:
    from fame_sql.labels.by_llm import label_with_llm

    model = asked.open(warehouse)
    try:
        return label_with_llm(
            warehouse,
            model,
            per_template=per_template,
            again=again,
            progress=terminal_progress(),
        )
    finally:
        tell_bill(model)


def _print_label_plan(
    warehouse: Warehouse, asked: ModelOptions, per_template: int, *, again: bool, as_json: bool
) -> None:
    from fame_sql.labels.by_llm import preview_labels

    model = asked.open(warehouse)
    plan = preview_labels(warehouse, model, per_template=per_template, again=again)
    notes = [
        f"{plan.lines} lines of {plan.templates} templates; where a template's first lines "
        f"disagree the others follow, {plan.lines_at_most} lines in all at most"
    ]
    lines = warehouse.value("SELECT count(*) FROM fame.logs")
    if (cost := plan.every_line(model, lines)) is not None:
        notes.append(f"to send each of the {lines} lines in this way would cost about ${cost:.2f}")
    print_plan(model, plan.requests, notes, as_json=as_json)


@label.command("export")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@per_template_option
@click.option("--next", "next_lines", type=int, help="Only so many, those that teach the most.")
@warehouse_option
def export_lines(path: Path, per_template: int, next_lines: int | None, warehouse: Path) -> None:
    """Write lines to judge as CSV, which a spreadsheet opens."""
    from fame_sql import labels
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        written = labels.export_lines(
            opened, path, per_template=per_template, next_lines=next_lines
        )
    click.echo(f"{written} lines to judge in {path}: fill in the column label")


@label.command("import")
@click.argument("source", metavar="FILE|TABLE")
@warehouse_option
@json_option
def import_labels(source: str, warehouse: Path, as_json: bool) -> None:
    """Take a person's judgements from a CSV file or a table of the warehouse."""
    from fame_sql import labels
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        report = labels.import_labels(opened, source)
    _print_report(report, as_json=as_json)


@label.command()
@warehouse_option
@json_option
def disagreements(warehouse: Path, as_json: bool) -> None:
    """List the judgements that another one overruled."""
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        rows = opened.records("SELECT * FROM fame.label_disagreements ORDER BY ALL")
    if as_json:
        print_json(rows)
        return
    columns = ("kept", "says", "overruled", "says", "message", "because")
    print_table(columns, [_disagreement(row) for row in rows])


def _disagreement(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["kept_source"],
        _word(row["kept_anomaly"]),
        row["overruled_source"],
        _word(row["overruled_anomaly"]),
        row["example"][:100],
        row["evidence"],
    )


def _word(is_anomaly: bool) -> str:
    return "anomalous" if is_anomaly else "normal"


@label.command()
@click.option("--author", default=None, help="Who judges.  [default: the user's name]")
@per_template_option
@warehouse_option
def review(author: str | None, per_template: int, warehouse: Path) -> None:
    """Judge line by line in the terminal, one key a line; each is stored at once.

    Lines that others call anomalous, or on which they disagree, come first.
    """
    from fame_sql.labels.by_people.review import Review
    from fame_sql.warehouse.author import system_user
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        session = Review(opened, author or system_user(), per_template)
        click.echo("n normal, a anomalous, s skip, u undo, q quit")
        try:
            while _review_line(session):
                pass
        finally:
            report = session.finish()
    _print_report(report, as_json=False)


def _review_line(session: Review) -> bool:
    """Show a line and take a key; False at the end."""
    line = session.next_line()
    if line is None:
        click.echo("every line is judged")
        return False
    said = f"{line['source']} says {line['label']}" if line["label"] else "nobody has judged it"
    because = f" ({line['evidence']})" if line["evidence"] else ""
    where = " ".join(
        str(line[c]) for c in ("timestamp", "service_name", "severity_text") if line[c]
    )
    click.echo(f"\n{line['remaining']} left. {printable(f'{said}{because}. {where}')}")
    click.echo(f"  {printable(line['body'])}")
    key = click.getchar().lower()
    if key in ("n", "a"):
        session.judge(line["log_id"], is_anomaly=key == "a")
    elif key == "s":
        session.skip(line["log_id"])
    elif key == "u":
        click.echo("taken back" if session.undo() else "nothing to take back")
    # Ctrl-D and Ctrl-C arrive as characters on some terminals.
    return key not in ("q", "\x04", "\x03", "")


def _print_report(report: LabelReport, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(report))
        return
    share = f" (1 in {report.lines_available / report.labels:.0f})" if report.labels else ""
    click.echo(f"{report.labels} lines judged of {report.lines_available} available{share}")
    print_facts(
        [
            ("judged anomalous", report.anomalous),
            ("normal templates", report.normal_templates),
            ("anomalous templates", report.anomalous_templates),
            ("mixed templates", report.mixed_templates),
            ("templates without a label", report.unlabelled_templates),
            ("events judged both ways", report.conflicting_events),
        ]
    )
