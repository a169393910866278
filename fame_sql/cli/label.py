"""The command ``fame label`` and its subcommands."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.audit import audit
from fame_sql.cli.keys import read_key
from fame_sql.cli.options.author import author_option
from fame_sql.cli.options.labelling import per_template_option, readings_option
from fame_sql.cli.options.language_model import (
    LanguageModelOptions,
    is_asked_for,
    language_model_options,
)
from fame_sql.cli.options.numbers import COUNT
from fame_sql.cli.options.output import Form, form_options, json_option
from fame_sql.cli.options.renamed import RenamedOption
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_done, print_json, print_records
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.requests import print_requests, print_spending
from fame_sql.cli.tables import brief, print_facts, print_nothing
from fame_sql.console import printable
from fame_sql.verdict.label_words import label_word

if TYPE_CHECKING:
    from fame_sql.labels import LabelReport
    from fame_sql.labels.by_people.review import Review
    from fame_sql.warehouse.warehouse import Warehouse

_DISAGREEMENTS = ("kept", "kept label", "overruled", "overruled label", "message", "evidence")
_LONGEST = 100


@click.group(invoke_without_command=True)
@per_template_option
@click.option(
    "--rule",
    metavar="SEVERITY",
    help="Label this severity and above as anomalous, for every event; failure words decide where "
    "lines have no severity.",
)
@click.option(
    "--strategy",
    type=click.Choice(["per-template", "active", "random"]),
    default="per-template",
    show_default=True,
    help="How to choose lines: K per template, most informative, or random.",
)
@click.option(
    "--budget",
    cls=RenamedOption,
    former="--lines",
    type=COUNT,
    metavar="LINES",
    help="Number of lines to label with the strategy active or random.",
)
@click.option(
    "--again", is_flag=True, help="With --llm-model, also label templates that have labels."
)
@readings_option
@language_model_options
@warehouse_option
@json_option
@click.pass_context
def label(
    context: click.Context,
    per_template: int,
    rule: str | None,
    strategy: str,
    budget: int | None,
    again: bool,
    readings: int,
    llm: LanguageModelOptions,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Label a few lines of each template.

    At most K lines of each template are labelled, from the training period only. By default, labels
    come from the label column of the logs: once distinct messages run out, duplicates are labelled.
    With --llm-model, they come from a language model, which reads each message once, and stops
    early where the first messages of a template agree. People label lines with 'fame label export',
    a spreadsheet and 'fame label import', or with 'fame label review'; their labels override all
    others.
    """
    if context.invoked_subcommand is not None:
        return
    from fame_sql.warehouse.warehouse import Warehouse

    by_llm = llm.wanted and ((rule is None and budget is None) or is_asked_for(context))
    _check_usage(rule, strategy, budget, by_llm=by_llm)
    chosen = {"per_template": per_template, "again": again, "readings": readings}
    with Warehouse.open(warehouse) as opened:
        if by_llm and llm.dry_run:
            _print_requests(opened, llm, chosen, as_json=as_json)
            return
        if by_llm:
            report = _label_by_llm(opened, llm, chosen)
        else:
            report = _label(opened, rule, strategy, budget, per_template)
    print_label_report(report, as_json=as_json)


def _check_usage(rule: str | None, strategy: str, budget: int | None, *, by_llm: bool) -> None:
    if rule is not None and by_llm:
        raise click.UsageError("use either --rule or --llm-model, not both")
    if (strategy != "per-template") != (budget is not None):
        raise click.UsageError("--strategy active or random needs --budget, and no other does")
    if budget and (rule or by_llm):
        raise click.UsageError("--budget does not work with --rule or --llm-model")


def _label(
    warehouse: Warehouse, rule: str | None, strategy: str, budget: int | None, per_template: int
) -> LabelReport:
    from fame_sql import labels

    if rule is not None:
        return labels.label_from_severity(warehouse, rule)
    if budget is not None:
        return labels.label_some_from_column(warehouse, budget, strategy=strategy)
    return labels.label_from_column(warehouse, per_template=per_template)


def _label_by_llm(
    warehouse: Warehouse, llm: LanguageModelOptions, chosen: dict[str, Any]
) -> LabelReport:
    from fame_sql.labels.by_llm import label_with_llm

    model = llm.open(warehouse)
    try:
        return label_with_llm(warehouse, model, **chosen, progress=terminal_progress())
    finally:
        print_spending(model)


def _print_requests(
    warehouse: Warehouse,
    llm: LanguageModelOptions,
    chosen: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    from fame_sql.labels.by_llm import preview_labels

    model = llm.open(warehouse)
    plan = preview_labels(warehouse, model, **chosen)
    notes = [
        f"{plan.lines} lines of {plan.templates} templates; where the first lines of a template "
        f"get different labels, more of its lines are sent, at most {plan.lines_at_most} in all"
    ]
    lines = warehouse.value("SELECT count(*) FROM fame.logs")
    if (cost := plan.every_line(model, lines)) is not None:
        notes.append(f"sending each of the {lines} lines instead would cost about ${cost:.2f}")
    print_requests(model, plan.requests, notes, as_json=as_json)


@label.command("export")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@per_template_option
@click.option(
    "--next",
    "next_lines",
    type=COUNT,
    metavar="LINES",
    help="Export only this many lines, the most informative ones.",
)
@warehouse_option
@json_option
def export_lines(
    path: Path, per_template: int, next_lines: int | None, warehouse: Path, as_json: bool
) -> None:
    """Write lines to label to a CSV file.

    A spreadsheet program can open the file.
    """
    from fame_sql import labels
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        written = labels.export_lines(
            opened, path, per_template=per_template, next_lines=next_lines
        )
    said = f"{written} lines written to {path}: fill in the column label"
    print_done(said, {"file": str(path), "lines": written}, as_json=as_json)


@label.command("import")
@click.argument("source", metavar="FILE|TABLE")
@warehouse_option
@json_option
def import_labels(source: str, warehouse: Path, as_json: bool) -> None:
    """Read people's labels from a CSV file or a table.

    The table is one in the warehouse.
    """
    from fame_sql import labels
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        report = labels.import_labels(opened, source)
    print_label_report(report, as_json=as_json)


@label.command()
@warehouse_option
@form_options
def disagreements(warehouse: Path, form: Form) -> None:
    """List the labels that another label overrules."""
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        rows = opened.records("SELECT * FROM fame.label_disagreements ORDER BY ALL")
    shown = rows if form == "json" else [_disagreement(row, form) for row in rows]
    nothing = ("no label overrules another", "fame label audit")
    print_records(shown, _DISAGREEMENTS, form, nothing, deciding=_DISAGREEMENTS[1:5])


def _disagreement(row: dict[str, Any], form: Form) -> dict[str, object]:
    values = (
        row["kept_source"],
        label_word(row["kept_anomaly"]),
        row["overruled_source"],
        label_word(row["overruled_anomaly"]),
        brief(row["example"], _LONGEST) if form == "text" else row["example"],
        row["evidence"],
    )
    return dict(zip(_DISAGREEMENTS, values, strict=True))


@label.command()
@author_option
@per_template_option
@warehouse_option
def review(author: str | None, per_template: int, warehouse: Path) -> None:
    """Label lines in the terminal, with one key per line.

    Each label is stored at once. Lines with an anomalous label from another source, or with
    conflicting labels, come first.
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
    print_label_report(report, as_json=False)


def _review_line(session: Review) -> bool:
    """Show a line and act on a key; return False at the end."""
    line = session.next_line()
    if line is None:
        print_nothing("every line has a label", "fame train")
        return False
    _print_line(line)
    key = read_key("fame label export FILE")
    if key in ("n", "a"):
        session.judge(line["log_id"], is_anomaly=key == "a")
    elif key == "s":
        session.skip(line["log_id"])
    elif key == "u":
        click.echo("undone" if session.undo() else "nothing to undo")
    # Ctrl-D and Ctrl-C arrive as characters on some terminals.
    return key not in ("q", "\x04", "\x03", "")


def _print_line(line: dict[str, Any]) -> None:
    known = f"{line['source']} says {line['label']}" if line["label"] else "no label yet"
    evidence = f" ({line['evidence']})" if line["evidence"] else ""
    where = " ".join(
        str(line[c]) for c in ("timestamp", "service_name", "severity_text") if line[c]
    )
    click.echo(f"\n{line['remaining']} left. {printable(f'{known}{evidence}. {where}')}")
    click.echo(f"  {printable(line['body'])}")


label.add_command(audit)


def print_label_report(report: LabelReport, *, as_json: bool, waiting: int | None = None) -> None:
    """Print the numbers of labels, and how many templates wait for an answer if that is given."""
    queued = {} if waiting is None else {"waiting": waiting}
    if as_json:
        print_json({**asdict(report), **queued})
        return
    share = f" (1 in {report.lines_available / report.labels:.0f})" if report.labels else ""
    click.echo(f"{report.labels} of {report.lines_available} available lines labelled{share}")
    if report.labels and not report.anomalous:
        click.echo("no label is anomalous: a model learned from these would report nothing")
    if report.by_words:
        click.echo(f"{report.by_words} by failure words, because these lines have no severity")
    print_facts(
        [
            ("labelled anomalous", report.anomalous),
            ("normal templates", report.normal_templates),
            ("anomalous templates", report.anomalous_templates),
            ("mixed templates", report.mixed_templates),
            ("templates without a label", report.unlabelled_templates),
            ("events with both labels", report.conflicting_events),
            *(("templates that wait for an answer", n) for n in queued.values()),
        ]
    )
