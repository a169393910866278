"""Labels by people: export lines as CSV, import labels from CSV or a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.canonical.provisional import PREFIX
from fame_sql.console import printable
from fame_sql.errors import InputError
from fame_sql.files import read_text, write_text
from fame_sql.labels.answers import GivenAnswer, find_template, give_answers, read_answer
from fame_sql.labels.counts import LabelReport, finish
from fame_sql.labels.selection.active import choose_actively
from fame_sql.labels.selection.per_template import PER_EVENT, PER_TEMPLATE, choose_lines
from fame_sql.verdict.label_words import ANOMALOUS, NORMAL
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_LONGEST = 2001
_IDENTITIES = ("log_id", "event_hash", "template_id")
_SCHEMA = pa.schema(
    [(n, pa.string()) for n in ("row_number", "kind", "name", "label", "author", "evidence")]
)
_WORDS = {"normal": list(NORMAL), "anomalous": list(ANOMALOUS)}


def export_lines(
    warehouse: Warehouse,
    path: Path,
    *,
    per_template: int = PER_TEMPLATE,
    per_event: int = PER_EVENT,
    next_lines: int | None = None,
) -> int:
    """Write the lines that a person should label to a new CSV file.

    The column ``label`` is empty, or contains the label that a person gave before. Messages are
    cut to 2,000 characters; a label refers to its line by ``log_id``.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with templates.
    path : Path
        The new file.
    per_template : int
        K: maximum number of lines of a template.
    per_event : int
        Maximum number of distinct messages of an event.
    next_lines : int, optional
        Instead of K per template, export this many unlabelled lines, of the templates whose next
        label is the most informative.

    Returns
    -------
    int
        Number of lines written.

    Raises
    ------
    InputError
        If the file exists, since it may contain labels, or cannot be written.
    """
    if next_lines is None:
        choose_lines(warehouse, per_template, per_event)
    else:
        choose_actively(warehouse, next_lines, per_event=per_event)
    lines = warehouse.records(sql.load("labels/export"))
    columns = list(lines[0]) if lines else ["log_id"]
    write_csv(path, lines, columns, "fame label import")
    return len(lines)


def write_csv(
    path: Path, rows: Sequence[Mapping[str, object]], columns: Sequence[str], importer: str
) -> None:
    """Write rows that a person should label to a new CSV file, for a spreadsheet.

    Text is printable, fits into a cell and is never taken for a formula.

    Parameters
    ----------
    path : Path
        The new file.
    rows : sequence of mappings
        With the columns.
    columns : sequence of str
        The header.
    importer : str
        The command that reads the file.

    Raises
    ------
    InputError
        If the file exists, since it may contain labels, or cannot be written.
    """
    if path.is_file():
        raise InputError(
            f"{path} exists and may contain labels: import it with '{importer} {path}', "
            "or name a new file"
        )
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=columns)
    writer.writeheader()
    writer.writerows({name: _cell(row[name]) for name in columns} for row in rows)
    write_text(path, text.getvalue())


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    quote = "'" if value.startswith(("=", "+", "@", "\t", "\r", "-")) else ""
    return quote + printable(value[:_LONGEST])


def import_labels(warehouse: Warehouse, source: str) -> LabelReport:
    """Import a person's labels and answers from a CSV file or a table of the warehouse.

    The source has a column ``label`` (normal or anomalous) and one of ``log_id``,
    ``event_hash`` and ``template_id``; ``author`` and ``evidence`` are optional. Rows with an
    empty label are skipped. The label of a template applies to its events. That of a provisional
    template is an answer (also mixed), which decides its lines at once.

    Raises
    ------
    InputError
        If the source cannot be read, or names lines, events or templates that do not exist.
        Nothing is imported then.
    """
    rows = list(_read_judgements(warehouse, source))
    if not rows:
        raise InputError(f"{source} has no labels: fill in its column 'label'")
    answers = [row for row in rows if _is_answer(row)]
    with warehouse.transaction():
        _store_answers(warehouse, answers, source)
        _load_incoming(warehouse, [row for row in rows if not _is_answer(row)])
        warehouse.connection.execute(sql.load("labels/resolve_incoming"), _WORDS)
        _refuse_unknown(warehouse, source)
        warehouse.connection.execute(sql.load("labels/delete_judged_again"))
        facts = {"source": "human", "labelled_at": utc_now()}
        warehouse.connection.execute(sql.load("labels/add_judged"), facts)
        warehouse.connection.execute("DROP TABLE judged_lines; DROP TABLE incoming_labels")
        return finish(warehouse)


def _is_answer(row: dict[str, str]) -> bool:
    return row["kind"] == "template_id" and row["name"].startswith(PREFIX)


def _store_answers(warehouse: Warehouse, rows: Sequence[dict[str, str]], source: str) -> None:
    given = []
    for row in rows:
        try:
            template_id, label = find_template(warehouse, row["name"]), read_answer(row["label"])
        except InputError as error:
            raise InputError(f"{source}, row {row['row_number']}: {error}") from None
        author, evidence = row["author"] or None, row["evidence"] or None
        given.append(GivenAnswer(template_id, label, author, evidence))
    if given:
        give_answers(warehouse, given)


def _read_judgements(warehouse: Warehouse, source: str) -> Iterable[dict[str, str]]:
    path = Path(source)
    records = _read_csv(path) if path.exists() else _read_table(warehouse, source)
    for number, record in enumerate(records, 2):
        kind = next((name for name in _IDENTITIES if record.get(name)), None)
        if "label" not in record or kind is None:
            raise InputError(
                f"{source}, row {number}: a column 'label' and one of {', '.join(_IDENTITIES)} "
                "are required; 'fame label export FILE' writes them"
            )
        if record["label"]:
            yield {
                "row_number": str(number),
                "kind": kind,
                "name": record[kind],
                **{name: record.get(name) or "" for name in ("label", "author", "evidence")},
            }


def _read_csv(path: Path) -> list[dict[str, str]]:
    try:
        text = read_text(path).removeprefix("\ufeff")
        # Spreadsheets use semicolons in locales with a decimal comma.
        separator = max(",;\t", key=text.partition("\n")[0].count)
        records = csv.DictReader(io.StringIO(text), delimiter=separator)
        return [{k: v or "" for k, v in row.items() if k} for row in records]
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as CSV: {error}") from None


def _read_table(warehouse: Warehouse, name: str) -> list[dict[str, str]]:
    try:
        relation = warehouse.connection.table(name)
    except duckdb.Error:
        raise InputError(
            f"{name!r} is neither a file nor a table of the warehouse; name a CSV file"
        ) from None
    rows = relation.fetchall()
    return [
        {k: "" if v is None else str(v) for k, v in zip(relation.columns, row, strict=True)}
        for row in rows
    ]


def _load_incoming(warehouse: Warehouse, rows: list[dict[str, str]]) -> None:
    warehouse.with_table(
        "judgements",
        pa.Table.from_pylist(rows, schema=_SCHEMA),
        "CREATE OR REPLACE TEMP TABLE incoming_labels AS SELECT * FROM judgements",
    )


def _refuse_unknown(warehouse: Warehouse, source: str) -> None:
    unknown = warehouse.rows(sql.load("labels/unknown_rows"))
    if unknown:
        named = ", ".join(f"{name} (row {row})" for row, name in unknown)
        raise InputError(
            f"{source} names rows that are not in the warehouse: {named}; "
            "'fame label export FILE' writes rows that can be labelled"
        )
    invalid = warehouse.rows(sql.load("labels/unreadable_row"))
    if invalid:
        raise InputError(
            f"{source}, row {invalid[0][0]}: the label {invalid[0][1]!r} is neither normal nor "
            "anomalous; use one of these"
        )
