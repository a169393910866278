"""The command ``fame queue`` and its subcommands."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.keys import read_key
from fame_sql.cli.label import print_label_report
from fame_sql.cli.options.author import author_option
from fame_sql.cli.options.labelling import readings_option
from fame_sql.cli.options.language_model import (
    LanguageModelOptions,
    is_asked_for,
    language_model_options_on_request,
)
from fame_sql.cli.options.numbers import COUNT
from fame_sql.cli.options.output import Form, form_options, json_option
from fame_sql.cli.options.reason import reason_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_done, print_json, print_records
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.requests import print_requests, print_spending
from fame_sql.cli.tables import brief, print_nothing
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.labels.answers import GivenAnswer
    from fame_sql.labels.queue import QueueReview
    from fame_sql.verdict.label_words import Answer
    from fame_sql.warehouse.warehouse import Warehouse

_COLUMNS = ("template_id", "lines", "severity_number", "score", "suspicion", "template")
_CSV_COLUMNS = (*_COLUMNS, "events", "first_seen", "last_seen", "event_hash", "example")
_DECIDING = ("template_id", "lines", "score", "template")
_NOTHING = ("no template waits for an answer", "fame status")
_LONGEST = 100
_KEYS: dict[str, Answer] = {"n": "normal", "a": "anomalous", "m": "mixed"}

top_option = click.option(
    "--top", type=COUNT, metavar="TEMPLATES", help="Only this many, the most suspicious first."
)


@click.group(invoke_without_command=True)
@click.option(
    "--answer",
    "answers",
    multiple=True,
    metavar="TEMPLATE=LABEL",
    help="Answer normal, anomalous or mixed; can be given several times.",
)
@click.option(
    "--withdraw",
    multiple=True,
    metavar="TEMPLATE",
    help="Take a person's answer back; can be given several times.",
)
@reason_option("Reason to record with the answers.")
@author_option
@top_option
@readings_option
@language_model_options_on_request
@warehouse_option
@form_options
@click.pass_context
def queue(
    context: click.Context,
    answers: tuple[str, ...],
    withdraw: tuple[str, ...],
    reason: str | None,
    author: str | None,
    top: int | None,
    readings: int,
    llm: LanguageModelOptions,
    warehouse: Path,
    form: Form,
) -> None:
    """List new templates that wait for an answer, and answer them.

    An answer decides the verdicts of all lines of a template at once, stored and future ones,
    without training; the next 'fame compile' learns from it. People answer with 'fame queue
    review', with --answer, or with 'fame queue export', a spreadsheet and 'fame queue import'.
    With --llm or --llm-model, a language model answers, once for each template and within
    --max-cost. It reads up to three messages of each.
    """
    if context.invoked_subcommand is not None:
        return
    by_llm = is_asked_for(context)
    if by_llm and (answers or withdraw):
        raise click.UsageError("use either --llm or --answer and --withdraw, not both")
    given = [_split(text) for text in answers]
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=not (by_llm or given or withdraw)) as opened:
        if by_llm:
            _ask(opened, llm, top, readings, form)
        elif given or withdraw:
            _store(opened, given, withdraw, author, reason, form)
        else:
            _list(opened, top, form)


def _split(text: str) -> tuple[str, str]:
    name, equals, label = text.partition("=")
    if not name or not equals or not label:
        raise click.UsageError(
            f"--answer {printable(text)!r} is not TEMPLATE=LABEL, such as new-0123=normal"
        )
    return name, label


def _list(warehouse: Warehouse, top: int | None, form: Form) -> None:
    from fame_sql.labels.queue import read_queue

    rows = read_queue(warehouse) if top is None else read_queue(warehouse, top)
    is_table = form == "text"
    shown = [{**r, "template": brief(r["template"], _LONGEST)} for r in rows] if is_table else rows
    columns = _CSV_COLUMNS if form == "csv" else _COLUMNS
    print_records(shown, columns, form, _NOTHING, deciding=_DECIDING)


def _store(
    warehouse: Warehouse,
    given: list[tuple[str, str]],
    withdraw: tuple[str, ...],
    author: str | None,
    reason: str | None,
    form: Form,
) -> None:
    from fame_sql.labels.answers import find_template, give_answers, withdraw_answers
    from fame_sql.warehouse.author import system_user

    answers = [_answer(warehouse, *each, author or system_user(), reason) for each in given]
    gone = [find_template(warehouse, name) for name in withdraw]
    with warehouse.transaction():
        if gone:
            withdraw_answers(warehouse, gone, "human")
        if answers:
            give_answers(warehouse, answers)
    said: list[tuple[str, str | None]] = [(a.template_id, a.label) for a in answers]
    said += [(template_id, None) for template_id in gone]
    rows = [{"template_id": template_id, "answer": label} for template_id, label in said]
    print_records(rows, ("template_id", "answer"), form)


def _answer(
    warehouse: Warehouse, name: str, label: str, author: str | None, reason: str | None
) -> GivenAnswer:
    from fame_sql.labels.answers import GivenAnswer, find_template, read_answer

    return GivenAnswer(find_template(warehouse, name), read_answer(label), author, reason)


def _ask(
    warehouse: Warehouse, llm: LanguageModelOptions, top: int | None, readings: int, form: Form
) -> None:
    from fame_sql.labels.queue.by_llm import answer_queue, preview_queue

    model = llm.open(warehouse)
    limit = {"readings": readings} if top is None else {"readings": readings, "at_most": top}
    if llm.dry_run:
        requests = preview_queue(warehouse, model, **limit)
        print_requests(model, requests, [], as_json=form == "json")
        return
    try:
        report = answer_queue(warehouse, model, progress=terminal_progress(), **limit)
    finally:
        print_spending(model)
    facts = asdict(report)
    print_records([facts], tuple(facts), form) if form != "json" else print_json(facts)


@queue.command()
@author_option
@warehouse_option
def review(author: str | None, warehouse: Path) -> None:
    """Answer in the terminal, with one key per template.

    Each answer is stored and in force at once. The most suspicious template comes first, with
    messages of it and the most similar templates that have an answer or labels.
    """
    from fame_sql.labels.queue import QueueReview
    from fame_sql.warehouse.author import system_user
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        session = QueueReview(opened, author or system_user())
        click.echo("n normal, a anomalous, m mixed, s skip, u undo, q quit")
        while _review_template(session):
            pass


def _review_template(session: QueueReview) -> bool:
    """Show a template and act on a key; return False at the end."""
    row = session.next_template()
    if row is None:
        print_nothing(*_NOTHING)
        return False
    _print_question(row)
    key = read_key("fame queue export FILE")
    if key in _KEYS:
        session.answer(row["template_id"], _KEYS[key])
    elif key == "s":
        session.skip(row["template_id"])
    elif key == "u":
        click.echo("undone" if session.undo() else "nothing to undo")
    # Ctrl-D and Ctrl-C arrive as characters on some terminals.
    return key not in ("q", "\x04", "\x03", "")


def _print_question(row: dict[str, Any]) -> None:
    seen = f"{row['lines']} lines, {row['first_seen'] or '?'} to {row['last_seen'] or '?'}"
    click.echo(f"\n{row['remaining']} left. {row['template_id']}: {seen}, score {row['score']}")
    click.echo(f"  {printable(row['template'])}")
    for example in row["examples"]:
        facts = ("timestamp", "host_name", "service_name", "severity_text")
        words = [str(example[name]) for name in (*facts, "body") if example[name]]
        click.echo(f"  example: {printable(' '.join(words))}")
    for near in row["neighbours"]:
        alike = f"{near['label']} ({near['similarity']:.0%} of the words)"
        click.echo(f"  similar: {alike}: {printable(near['template'])}")


@queue.command("export")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@top_option
@warehouse_option
@json_option
def export(path: Path, top: int | None, warehouse: Path, as_json: bool) -> None:
    """Write the queue to a CSV file.

    A spreadsheet program can open the file.
    """
    from fame_sql.labels.queue.questions import EVERY, export_queue
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        written = export_queue(opened, path, top or EVERY)
    said = f"{written} templates written to {path}: fill in the column label"
    print_done(said, {"file": str(path), "templates": written}, as_json=as_json)


@queue.command("import")
@click.argument("source", metavar="FILE|TABLE")
@warehouse_option
@json_option
def import_(source: str, warehouse: Path, as_json: bool) -> None:
    """Read people's answers from a CSV file or a table.

    This is 'fame label import', which takes labels of lines and answers about templates alike.
    The table is one in the warehouse.
    """
    from fame_sql import labels
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        report = labels.import_labels(opened, source)
        waiting = opened.value("SELECT count(*) FROM fame.label_queue")
    print_label_report(report, as_json=as_json, waiting=waiting)
