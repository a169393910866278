"""Labels: at most K judged lines a template, distinct events first, from the training period."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.errors import InputError, MissingStageError
from fame_sql.warehouse import Warehouse, utc_now

PER_TEMPLATE = 20
PER_EVENT = 3
SEVERITIES = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}

_IDENTITIES = ("log_id", "event_hash", "template_id")


@dataclass(frozen=True)
class LabelReport:
    """What is labelled now.

    Parameters
    ----------
    labels, anomalous : int
        Judged lines, and those judged anomalous.
    lines_available : int
        Lines of the training period, the only ones that may be judged.
    conflicting_events : int
        Events with lines of both kinds: their masks erase what decides.
    normal_templates, anomalous_templates, mixed_templates, unlabelled_templates : int
        Templates by status.
    """

    labels: int
    anomalous: int
    lines_available: int
    conflicting_events: int
    normal_templates: int
    anomalous_templates: int
    mixed_templates: int
    unlabelled_templates: int


def label_from_column(
    warehouse: Warehouse, *, per_template: int = PER_TEMPLATE, per_event: int = PER_EVENT
) -> LabelReport:
    """Judge lines by the label column that their source carries.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates have been mined.
    per_template : int
        K: at most so many lines of a template are judged.
    per_event : int
        At most so many distinct messages of one event.

    Raises
    ------
    MissingStageError
        If no template has been mined.
    InputError
        If no line of the training period carries a label.
    """
    with warehouse.transaction():
        _choose(warehouse, per_template, per_event, "periods.label IS NOT NULL")
        if not warehouse.value("SELECT count(*) FROM chosen_lines"):
            raise InputError(
                "no line of the training period carries a label: judge some with "
                "'fame label --export FILE' and '--import FILE', or use '--rule ERROR'"
            )
        _replace(warehouse, "dataset", "labels/add_from_column", {})
        return _finish(warehouse)


def label_from_severity(
    warehouse: Warehouse,
    severity: str,
    *,
    per_template: int = PER_TEMPLATE,
    per_event: int = PER_EVENT,
) -> LabelReport:
    """Judge lines by a rule: a severity at or above ``severity`` is anomalous.

    A stand-in for people who have no labels yet; the labels say that a rule made them, and
    labels of any other source win over them.

    Parameters
    ----------
    severity : str
        One of TRACE, DEBUG, INFO, WARN, ERROR, FATAL.
    """
    if severity.upper() not in SEVERITIES:
        raise InputError(f"{severity!r} is no severity; use one of {', '.join(SEVERITIES)}")
    with warehouse.transaction():
        _choose(warehouse, per_template, per_event, "periods.severity_number IS NOT NULL")
        if not warehouse.value("SELECT count(*) FROM chosen_lines"):
            raise InputError("no line of the training period has a severity, so no rule can judge")
        facts = {"severity": SEVERITIES[severity.upper()], "severity_name": severity.upper()}
        _replace(warehouse, "rule", "labels/add_from_severity", facts)
        return _finish(warehouse)


def export_lines(
    warehouse: Warehouse,
    path: Path,
    *,
    per_template: int = PER_TEMPLATE,
    per_event: int = PER_EVENT,
) -> int:
    """Write the lines that a person should judge to a CSV file with an empty label column.

    Returns
    -------
    int
        Lines written.
    """
    _choose(warehouse, per_template, per_event, "TRUE")
    lines = warehouse.records(sql.load("labels/export"))
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(lines[0]) if lines else ["log_id"])
            writer.writeheader()
            writer.writerows(lines)
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
        return _finish(warehouse)


def report(warehouse: Warehouse) -> LabelReport:
    """Return what is labelled now."""
    return LabelReport(**warehouse.records(sql.load("labels/report"))[0])


def _choose(warehouse: Warehouse, per_template: int, per_event: int, eligible: str) -> None:
    if per_template < 1 or per_event < 1:
        raise InputError("K and the lines an event must be at least 1")
    if not warehouse.value("SELECT count(*) FROM fame.templates"):
        raise MissingStageError("no templates", "fame mine")
    statement = Template(sql.load("labels/choose_lines")).substitute(eligible=eligible)
    warehouse.connection.execute(statement, {"per_template": per_template, "per_event": per_event})


def _replace(warehouse: Warehouse, source: str, statement: str, facts: dict[str, object]) -> None:
    """Put the chosen lines' judgements in the place of earlier ones from the same source."""
    warehouse.connection.execute("DELETE FROM fame.labels WHERE source = ?", [source])
    warehouse.connection.execute(sql.load(statement), {**facts, "labelled_at": utc_now()})


def _finish(warehouse: Warehouse) -> LabelReport:
    warehouse.connection.execute(sql.load("labels/set_template_status"))
    return report(warehouse)


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
            return [{k: v or "" for k, v in row.items() if k} for row in csv.DictReader(file)]
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
    unknown = warehouse.rows(
        "SELECT row_number, name FROM resolved_labels WHERE event_id IS NULL ORDER BY ALL LIMIT 3"
    )
    if unknown:
        named = ", ".join(f"{name} (row {row})" for row, name in unknown)
        raise InputError(
            f"{source} names what is not in the warehouse: {named}; "
            "'fame label --export FILE' writes rows that can be judged"
        )
    odd = warehouse.rows(
        "SELECT row_number, label FROM resolved_labels WHERE is_anomaly IS NULL "
        "ORDER BY ALL LIMIT 1"
    )
    if odd:
        raise InputError(
            f"{source}, row {odd[0][0]}: the label {odd[0][1]!r} is neither normal nor anomalous"
        )
