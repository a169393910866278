"""A person's judgements: lines out as CSV, judgements in from CSV or a table."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.console import printable
from fame_sql.errors import InputError
from fame_sql.labels.counts import LabelReport, finish
from fame_sql.labels.selection.active import choose_actively
from fame_sql.labels.selection.per_template import PER_EVENT, PER_TEMPLATE, choose_lines
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_IDENTITIES = ("log_id", "event_hash", "template_id")


def export_lines(
    warehouse: Warehouse,
    path: Path,
    *,
    per_template: int = PER_TEMPLATE,
    per_event: int = PER_EVENT,
    next_lines: int | None = None,
) -> int:
    """Write the lines that a person should judge to a new CSV file.

    The column ``label`` is empty, or holds what a person has said before. Messages are cut to
    2,000 characters: a judgement names its line by ``log_id``.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates have been mined.
    path : Path
        The new file.
    per_template : int
        K: at most so many lines of a template.
    per_event : int
        At most so many distinct messages of one event.
    next_lines : int, optional
        Instead of K a template, so many lines that nobody has judged, of the templates whose
        next label would teach the most.

    Returns
    -------
    int
        Lines written.

    Raises
    ------
    InputError
        If the file exists, for it may hold judgements, or cannot be written.
    """
    if next_lines is None:
        choose_lines(warehouse, per_template, per_event)
    else:
        choose_actively(warehouse, next_lines, per_event=per_event)
    lines = warehouse.records(sql.load("labels/export"))
    try:
        with path.open("x", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(lines[0]) if lines else ["log_id"])
            writer.writeheader()
            writer.writerows({**line, "message": printable(line["message"])} for line in lines)
    except FileExistsError:
        raise InputError(
            f"{path} exists and may hold judgements: import it, or name a new file"
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
    return len(lines)


def import_labels(warehouse: Warehouse, source: str) -> LabelReport:
    """Take a person's judgements from a CSV file or from a table of the warehouse.

    The source has a column ``label`` (normal or anomalous) and one of ``log_id``,
    ``event_hash`` and ``template_id``; ``author`` and ``evidence`` are kept where given. Rows
    with an empty label are passed over. A judgement of a template holds for its events.

    Raises
    ------
    InputError
        If the source cannot be read, or names lines, events or templates that do not exist;
        nothing is taken then.
    """
    rows = list(_read_judgements(warehouse, source))
    if not rows:
        raise InputError(f"{source} holds no judgement: fill its label column in")
    with warehouse.transaction():
        _load_incoming(warehouse, rows)
        warehouse.connection.execute(sql.load("labels/resolve_incoming"))
        _refuse_unknown(warehouse, source)
        statements = sql.load("labels/replace_with_resolved").split(";\n\n")
        warehouse.connection.execute(statements[0])
        warehouse.connection.execute(statements[1], {"labelled_at": utc_now()})
        return finish(warehouse)


def _read_judgements(warehouse: Warehouse, source: str) -> Iterable[dict[str, str]]:
    path = Path(source)
    records = _read_csv(path) if path.exists() else _read_table(warehouse, source)
    for number, record in enumerate(records, 2):
        kind = next((name for name in _IDENTITIES if record.get(name)), None)
        if "label" not in record or kind is None:
            raise InputError(
                f"{source}, row {number}: needs a column label and one of {', '.join(_IDENTITIES)}"
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
        with path.open(newline="", encoding="utf-8-sig") as file:
            # Spreadsheets separate by semicolons where a comma is the decimal mark.
            header = file.readline()
            separator = max(",;\t", key=header.count)
            file.seek(0)
            records = csv.DictReader(file, delimiter=separator)
            return [{k: v or "" for k, v in row.items() if k} for row in records]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
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
        pa.Table.from_pylist(rows),
        "CREATE OR REPLACE TEMP TABLE incoming_labels AS SELECT * FROM judgements",
    )


def _refuse_unknown(warehouse: Warehouse, source: str) -> None:
    unknown = warehouse.rows(sql.load("labels/unknown_rows"))
    if unknown:
        named = ", ".join(f"{name} (row {row})" for row, name in unknown)
        raise InputError(
            f"{source} names what is not in the warehouse: {named}; "
            "'fame label export FILE' writes rows that can be judged"
        )
    odd = warehouse.rows(sql.load("labels/unreadable_row"))
    if odd:
        raise InputError(
            f"{source}, row {odd[0][0]}: the label {odd[0][1]!r} is neither normal nor anomalous"
        )
