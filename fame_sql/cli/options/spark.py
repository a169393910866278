"""The options of ``fame score --engine spark``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from fame_sql.cli.options.grouped import grouped

_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice(["duckdb", "spark"]),
        default="duckdb",
        show_default=True,
        help="Score the warehouse with DuckDB, or Parquet files with Spark.",
    ),
    click.option(
        "--master",
        metavar="ADDRESS",
        help="Spark master, such as local[4] or yarn, or sc://HOST:PORT for Spark Connect.",
    ),
    click.option(
        "--input",
        "source",
        multiple=True,
        metavar="PARQUET",
        help="File or folder that Spark reads; can be given several times.",
    ),
    click.option(
        "--output",
        "target",
        metavar="FOLDER",
        help="Folder in which Spark writes logs/, one folder per day.",
    ),
    click.option(
        "--model-folder",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        show_default="the warehouse's champion",
        help="Model to score with on Spark.",
    ),
    click.option(
        "--message-column",
        "message",
        metavar="NAME",
        default="body",
        show_default=True,
        help="Column of the Parquet files that holds the message.",
    ),
    click.option(
        "--time-column",
        "timestamp",
        metavar="NAME",
        default="timestamp",
        show_default=True,
        help="Column of the Parquet files that holds the time.",
    ),
    click.option("--replace", is_flag=True, help="Overwrite the days that are already written."),
    click.option(
        "--ship/--no-ship",
        default=True,
        show_default=True,
        help="Send the model to the Spark workers, or let them read its folder.",
    ),
    click.option(
        "--conf",
        multiple=True,
        metavar="NAME=VALUE",
        help="Spark setting; can be given several times.",
    ),
)


@dataclass(frozen=True)
class SparkOptions:
    """The values of the options of Spark.

    Parameters
    ----------
    engine : str
        ``"duckdb"`` or ``"spark"``; only ``"spark"`` uses the other fields.
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


def spark_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of Spark, which the command takes as one argument ``spark``."""
    return grouped(command, _OPTIONS, SparkOptions, "spark")
