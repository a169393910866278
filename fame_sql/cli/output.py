"""How the command line shows results and progress, and takes its common options."""

from __future__ import annotations

import csv
import functools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from fame_sql.console import Progress, SilentProgress, Step, printable

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_WAREHOUSE = "warehouse.duckdb"


def warehouse_option(command: F) -> F:
    """Add ``--warehouse PATH``."""
    return click.option(
        "--warehouse",
        type=click.Path(dir_okay=True, path_type=Path),
        envvar="FAME_WAREHOUSE",
        default=DEFAULT_WAREHOUSE,
        show_default=f"$FAME_WAREHOUSE, then ./{DEFAULT_WAREHOUSE}",
        help="The warehouse, a DuckDB file.",
    )(command)


def json_option(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(
        command
    )


def print_json(value: object) -> None:
    """Print a value as JSON on stdout."""
    click.echo(json.dumps(value, default=plain, indent=2, ensure_ascii=False))


def plain(value: object) -> object:
    """Return a SQL value as what JSON can hold."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, UUID | timedelta):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print names and values in two columns."""
    rows = [(name, _cell(value)) for name, value in facts]
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        click.echo(f"  {name:<{width}}  {value}")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings; text from logs is shown without its control characters."""
    cells = [[_cell(value) for value in row] for row in rows]
    numeric = [
        bool(cells) and all(isinstance(row[i], _Number) or row[i] == "" for row in cells)
        for i in range(len(columns))
    ]
    widths = [
        max(len(name), *(len(row[i]) for row in cells)) if cells else len(name)
        for i, name in enumerate(columns)
    ]
    for row in [list(columns), ["-" * width for width in widths], *cells]:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        click.echo("  ".join(padded).rstrip())


class _Number(str):
    """A number as text, to be set to the right."""


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return _Number(f"{value}")
    if isinstance(value, float | Decimal):
        return _Number(f"{value:.4f}".rstrip("0").rstrip("."))
    if isinstance(value, dict | list):
        return printable(json.dumps(value, default=plain, ensure_ascii=False))
    return printable(str(value)).replace("\n", "\\n").replace("\t", "\\t")


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV on stdout."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_csv_cell(value) for value in row])


def _csv_cell(value: object) -> object:
    if isinstance(value, dict | list):
        return json.dumps(value, default=plain, ensure_ascii=False)
    return value


def terminal_progress() -> Progress:
    """Return progress that draws on stderr if that is a terminal, else one that is silent."""
    return TerminalProgress() if sys.stderr.isatty() else SilentProgress()


class TerminalProgress:
    """Draws a bar a step, with the time left."""

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Step]:
        """Show a bar while the block runs."""
        from rich.console import Console
        from rich.progress import Progress as RichProgress

        with RichProgress(console=Console(stderr=True), transient=True) as drawn:
            yield _Drawn(drawn, drawn.add_task(what, total=total))


class _Drawn:
    def __init__(self, drawn: RichProgress, task: TaskID) -> None:
        self.advance: Callable[..., None] = functools.partial(self._advance, drawn, task)

    @staticmethod
    def _advance(drawn: RichProgress, task: TaskID, amount: int = 1) -> None:
        drawn.advance(task, amount)
