"""Redact text in the lines of a warehouse, and wherever else the warehouse keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import duckdb

from fame_sql import sql
from fame_sql.console import PART, Progress, SilentProgress, Step
from fame_sql.errors import InputError
from fame_sql.events.repair import RepairReport, repair_lines
from fame_sql.events.rows import gather, load_over_rows
from fame_sql.warehouse.lake.files import forget_before
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.progress import statement_progress
from fame_sql.warehouse.warehouse import Warehouse

REPLACEMENT = "<redacted>"
_STEPS = (
    *("replace", "replace_examples", "replace_evidence", "replace_comments"),
    *("replace_doubts", "replace_audits", "replace_alarms", "replace_opinions"),
)
_REDACTED = "log_id IN (SELECT log_id FROM redacted_lines)"


@dataclass(frozen=True)
class RedactionReport:
    """What was redacted, or would be.

    Parameters
    ----------
    lines : int
        Lines with a match.
    dropped_events : int
        Events that held such text alone, and are gone with their verdicts.
    left_events, left_templates, left_calls : int
        Canonical texts, templates and requests to a language model that still have a match.
    partition_lines : int
        Lines in partitions, which are not read.
    redacted : bool
        False after a dry run.
    """

    lines: int
    dropped_events: int
    left_events: int
    left_templates: int
    left_calls: int
    partition_lines: int
    redacted: bool


def redact(
    warehouse: Warehouse,
    pattern: str,
    *,
    replacement: str = REPLACEMENT,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> RedactionReport:
    """Replace every match of a pattern in the lines of a warehouse.

    It is replaced in messages, attributes and parse errors of ``fame.logs``, in the examples of
    events, the evidence of labels, the comments of feedback, and what language models said of
    lines, windows and incidents. Changed lines get the events of
    their new messages, which are not scored yet. All changes are one transaction.

    Parameters
    ----------
    warehouse : Warehouse
        Open for writing.
    pattern : str
        A regular expression of RE2.
    replacement : str
        The text in place of each match.
    dry_run : bool
        Only count.
    progress : Progress, optional
        Where to report how far it is.

    Raises
    ------
    InputError
        If the pattern is not valid or matches the empty text, or attributes would not be JSON.
    """
    wanted = {"pattern": pattern}
    _check(warehouse, pattern)
    connection = warehouse.connection
    parts = 2 if dry_run else len(_STEPS) + 3
    shown = (progress or SilentProgress()).step("redacting", parts * PART)
    with shown as step, warehouse.transaction():
        with statement_progress(connection, step):
            connection.execute(sql.load("events/redact/find_lines"), wanted)
        [(lines,)] = warehouse.rows("SELECT count(*) FROM redacted_lines")
        done = RepairReport(0, 0, 0)
        if not dry_run:
            done = _replace(connection, {**wanted, "replacement": _literal(replacement)}, step)
        with statement_progress(connection, step):
            [(events, templates, calls, moved)] = warehouse.rows(
                sql.load("events/redact/left"), wanted
            )
        connection.execute("DROP TABLE redacted_lines")
    if not dry_run and is_lake(warehouse.connection):
        # Every snapshot before shows the text.
        forget_before(warehouse.connection, timedelta(0))
    return RedactionReport(
        lines, done.dropped, events, templates, calls, moved, redacted=not dry_run
    )


def _check(warehouse: Warehouse, pattern: str) -> None:
    try:
        empty = warehouse.value("SELECT regexp_matches('', ?)", [pattern])
    except duckdb.Error as error:
        raise InputError(
            f"{pattern!r} is not a regular expression of RE2: {str(error).splitlines()[0]}"
        ) from None
    if empty:
        raise InputError(f"{pattern!r} matches the empty text: give a pattern of what must go")


def _literal(replacement: str) -> str:
    r"""Return a replacement in which ``\1`` is no group."""
    return replacement.replace("\\", "\\\\")


def _replace(
    connection: duckdb.DuckDBPyConnection, parameters: dict[str, str], step: Step
) -> RepairReport:
    gather(connection)
    for name in _STEPS:
        try:
            with statement_progress(connection, step):
                connection.execute(load_over_rows(connection, f"events/redact/{name}"), parameters)
        except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
            raise InputError(
                "the attributes of a line would not be JSON any more; nothing was changed: "
                f"{str(error).splitlines()[0]}"
            ) from None
    with statement_progress(connection, step):
        return repair_lines(connection, _REDACTED)
