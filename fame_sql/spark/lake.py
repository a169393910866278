"""A lake on Spark: its tables from the Parquet files of the newest snapshot, and verdicts for it.

Spark reads the files themselves, in which rows that were deleted since still are; the files that
say which ones lie beside them. What small loads have left in the catalogue is written as Parquet
before. Verdicts come back through DuckDB, which stores them as those of any other process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError
from fame_sql.models import champion
from fame_sql.scoring.scoring import ScoringReport, score_events, store_verdicts
from fame_sql.spark.scoring import SLICE
from fame_sql.spark.session import place_model
from fame_sql.udfs.spark import ModelPlace, scorer_at
from fame_sql.verdict.columns import ARROW_FIELDS, SPARK_TYPES
from fame_sql.warehouse.lake.address import is_lake_path
from fame_sql.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_FILE, _ROW = "__fame_file", "__fame_row"
_EVENT = pa.field("event_id", pa.int64())
_VERDICTS = pa.schema([_EVENT, *ARROW_FIELDS])
_DDL = ", ".join(f"{name} {kind}" for name, kind in {"event_id": "bigint", **SPARK_TYPES}.items())


@dataclass(frozen=True)
class _File:
    """A Parquet file of a table, and the file of the rows that were deleted from it."""

    data: str
    deleted: str | None


def lake_table(spark: SparkSession, connection: duckdb.DuckDBPyConnection, table: str) -> DataFrame:
    """Return a table of a lake as it is now, read from its files.

    Parameters
    ----------
    spark : SparkSession
        A session that reaches the lake's files under their addresses.
    connection : duckdb.DuckDBPyConnection
        A connection to the lake, which may be written: rows in the catalogue become a file.
    table : str
        The name of a table of the schema ``fame``.

    Raises
    ------
    InputError
        If the lake is encrypted, or Spark does not find the rows that DuckDB counts.
    """
    files, rows = _listed(connection, table)
    if not files:
        empty = connection.execute(f"FROM fame.{table} LIMIT 0").to_arrow_table()
        return spark.createDataFrame(empty)
    found = _read(spark, files)
    if (read := found.count()) != rows:
        raise InputError(
            f"Spark reads {read:,} rows of fame.{table}, and the lake has {rows:,}: run 'fame "
            "compact' and try again; if it stays so, export the table with DuckDB's COPY"
        )
    return found


def score_lake(
    spark: SparkSession, warehouse: Path, *, ship: bool = True, progress: Progress | None = None
) -> ScoringReport:
    """Score the events of a lake that have no verdict on Spark, and store the verdicts in the lake.

    Others may load and score meanwhile. Every million events are committed. What came after Spark
    had begun is scored here at the end, as 'fame score' does.

    Parameters
    ----------
    spark : SparkSession
        See :func:`fame_sql.spark.open_session`. It has to reach the lake's files.
    warehouse : Path
        The lake.
    ship : bool
        Send the model with the session. Without it, every worker must be able to read its folder.
    progress : Progress, optional
        Shows how many events have been scored.

    Raises
    ------
    InputError
        If the warehouse is not a lake, or Spark cannot read it.
    ModelError
        If the model cannot be trusted.
    """
    if not is_lake_path(warehouse):
        raise InputError(
            f"{warehouse} is a file, which Spark cannot read: name Parquet files with --input and "
            "--output, or a lake, as 'fame init --lake' makes one"
        )
    progress = progress or SilentProgress()
    with Warehouse.open(warehouse) as opened:
        folder = champion(opened).folder
        place = place_model(spark, folder, ship=ship)
        scored = _score(spark, opened, place, progress)
        report = score_events(opened, progress=progress)
        return replace(report, scored=scored + report.scored)


def _score(spark: SparkSession, lake: Warehouse, place: ModelPlace, progress: Progress) -> int:
    """Judge and store the events without a verdict, a slice at a time; return their number."""
    from pyspark.sql import functions as F  # noqa: N812

    pending = _pending(spark, lake.connection, place.version).persist()
    try:
        total = int(pending.count())
        slices = math.ceil(total / SLICE)
        with progress.step("scoring events", total) as step:
            for number in range(slices):
                part = pending.where(F.pmod("event_id", F.lit(slices)) == number)
                verdicts = part.mapInArrow(_judging(place), _DDL).toArrow()
                with lake.transaction():
                    store_verdicts(lake.connection, verdicts)
                step.advance(verdicts.num_rows)
        return total
    finally:
        pending.unpersist()


def _pending(spark: SparkSession, connection: duckdb.DuckDBPyConnection, version: str) -> DataFrame:
    """Return number and canonical text of the events that a model has not judged."""
    rows = lake_table(spark, connection, "event_rows").select("event_id", "canonical")
    scores = lake_table(spark, connection, "scores")
    known = scores.where(scores["model_version"] == version).select("event_id")
    events = rows.dropna().dropDuplicates(["event_id"])
    return events.join(known, "event_id", "left_anti")


def _judging(place: ModelPlace) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def judge(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        model = scorer_at(place).model()
        for batch in batches:
            events, texts = (column.to_pylist() for column in batch.columns)
            rows = [
                {"event_id": event, **asdict(verdict)}
                for event, verdict in zip(events, model.verdicts(texts), strict=True)
            ]
            yield pa.RecordBatch.from_pylist(rows, schema=_VERDICTS)

    return judge


def _listed(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[list[_File], int]:
    """Return the files of a table and the number of its rows, of one snapshot."""
    [(lake,)] = connection.execute(sql.load("warehouse/lake/name")).fetchall()
    names = {"lake": lake, "table": table}
    connection.execute(Template(sql.load("spark/flush_lake")).substitute(names))
    connection.execute("BEGIN")
    try:
        listed = Template(sql.load("spark/lake_files")).substitute(names)
        found = connection.execute(listed).fetchall()
        [(rows,)] = connection.execute(f"SELECT count(*) FROM fame.{table}").fetchall()
    finally:
        connection.execute("ROLLBACK")
    if any(is_encrypted for _, _, is_encrypted in found):
        raise InputError(
            "this lake is encrypted, and Spark cannot read DuckDB's encryption: score it with "
            "'fame score', without --engine spark"
        )
    return [_File(data, deleted) for data, deleted, _ in found], rows


def _read(spark: SparkSession, files: Sequence[_File]) -> DataFrame:
    """Read files without the rows that were deleted from them."""
    whole = [file.data for file in files if file.deleted is None]
    cut = [file for file in files if file.deleted is not None]
    parts = [_parquet(spark, whole)] if whole else []
    if cut:
        parts.append(_without_deleted(spark, cut))
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), parts)


def _without_deleted(spark: SparkSession, files: Sequence[_File]) -> DataFrame:
    """Read files that have lost rows: each row has its file and its place there."""
    from pyspark.sql import functions as F  # noqa: N812

    _check_names([file.data for file in files])
    name = F.col("_metadata.file_name").alias(_FILE)
    rows = _parquet(spark, [file.data for file in files])
    rows = rows.select("*", name, F.col("_metadata.row_index").alias(_ROW))
    deletes = spark.read.parquet(*(_for_spark(str(file.deleted)) for file in files))
    of_file = F.substring_index("file_path", "/", -1).alias(_FILE)
    gone = deletes.select(of_file, F.col("pos").alias(_ROW))
    return rows.join(gone, [_FILE, _ROW], "left_anti").drop(_FILE, _ROW)


def _check_names(files: Sequence[str]) -> None:
    names = [file.rpartition("/")[2] for file in files]
    if len(set(names)) < len(names):
        raise InputError(
            "files of this lake have the same name and lost rows, and Spark cannot tell them "
            "apart: run 'fame compact', which writes them again"
        )


def _parquet(spark: SparkSession, files: Sequence[str]) -> DataFrame:
    # An older file has not the columns that came later.
    reader: Any = spark.read.option("mergeSchema", "true")
    return reader.parquet(*map(_for_spark, files))


def _for_spark(address: str) -> str:
    """Return an address as Spark writes it: Hadoop calls buckets of Amazon's kind s3a."""
    return address.replace("s3://", "s3a://", 1) if address.startswith("s3://") else address
