"""What 'fame score --engine spark' asks for and does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from fame_sql.cli.output import print_json, terminal_progress
from fame_sql.errors import InputError

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice(["duckdb", "spark"]),
        default="duckdb",
        show_default=True,
        help="Score the warehouse, or Parquet on Spark with the options below.",
    ),
    click.option(
        "--master", help="Spark's master, as local[4] or yarn, or sc://HOST:PORT for Spark Connect."
    ),
    click.option(
        "--input",
        "source",
        multiple=True,
        metavar="PARQUET",
        help="A file or folder that Spark reads; may be given several times.",
    ),
    click.option("--output", "target", metavar="FOLDER", help="Where Spark writes logs/ by day."),
    click.option(
        "--model-folder",
        type=click.Path(path_type=Path),
        help="The model to ask.  [default: the warehouse's champion]",
    ),
    click.option("--message-column", "message", default="body", show_default=True),
    click.option("--time-column", "timestamp", default="timestamp", show_default=True),
    click.option("--replace", is_flag=True, help="Write days that are there already anew."),
    click.option(
        "--ship/--no-ship",
        default=True,
        show_default=True,
        help="Send the model to the workers, or let them read its folder where it is.",
    ),
    click.option(
        "--conf", multiple=True, metavar="NAME=VALUE", help="A setting of Spark; several times."
    ),
)


@dataclass(frozen=True)
class SparkOptions:
    """What was asked of Spark on the command line.

    Parameters
    ----------
    engine : str
        ``"duckdb"`` or ``"spark"``; the other fields count for the second.
    master, target : str or None
        Where to run and where to write.
    source, conf : tuple of str
        What to read, and settings as ``NAME=VALUE``.
    model_folder : Path or None
        None for the warehouse's champion.
    message, timestamp : str
        Columns of the input.
    replace, ship : bool
        As in :func:`fame_sql.spark.score_parquet`.
    """

    engine: str
    master: str | None
    source: tuple[str, ...]
    target: str | None
    model_folder: Path | None
    message: str
    timestamp: str
    replace: bool
    ship: bool
    conf: tuple[str, ...]


def spark_options(command: F) -> F:
    """Add the options of Spark, which the command takes as :class:`SparkOptions` fields."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def score_on_spark(asked: SparkOptions, warehouse: Path, *, dry_run: bool, as_json: bool) -> None:
    """Run the scoring job and say what it did.

    Raises
    ------
    InputError
        If an option is missing or cannot be read.
    """
    if not (asked.master and asked.source and asked.target):
        raise InputError(
            "--engine spark needs --master, --input and --output; for example --master local[4] "
            "--input logs.parquet --output scored"
        )
    if dry_run:
        raise InputError("--dry-run is not for Spark: leave it out with --engine spark")
    from fame_sql.spark import open_session, score_parquet

    settings = dict(_setting(text) for text in asked.conf)
    folder = asked.model_folder or _champion_folder(warehouse)
    report = score_parquet(
        open_session(asked.master, settings),
        asked.source,
        asked.target,
        folder,
        message=asked.message,
        timestamp=asked.timestamp,
        replace=asked.replace,
        ship=asked.ship,
        progress=terminal_progress(),
    )
    if as_json:
        print_json(asdict(report))
        return
    click.echo(
        f"{report.scored} events scored by {report.model_version}; {report.events} in all, "
        f"standing for {report.lines} lines of {report.days} days in {asked.target}"
    )


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise InputError(f"--conf {text!r} is no setting; write NAME=VALUE")
    return name, value


def _champion_folder(warehouse: Path) -> Path:
    from fame_sql.models import champion
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        return champion(opened).folder
