"""Parquet tables of a Spark job: the lines to score, and the scored lines by day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from fame_sql.errors import InputError
from fame_sql.verdict.columns import SPARK_TYPES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Hive's name for a NULL partition; Sail would write a NULL day as 1970-01-01.
_NO_DAY = "__HIVE_DEFAULT_PARTITION__"
_ADDED = ("event_hash", *SPARK_TYPES)


def read_lines(spark: SparkSession, source: Sequence[str]) -> DataFrame:
    """Read the lines to score.

    Raises
    ------
    InputError
        If there is no Parquet table.
    """
    found = read_stored(spark, source)
    if found is None:
        raise InputError(f"there is no Parquet table at {', '.join(source)}; check the address")
    return found


def read_stored(spark: SparkSession, paths: Sequence[str]) -> DataFrame | None:
    """Read Parquet files or folders, None if there are none."""
    from pyspark.errors import AnalysisException

    try:
        found = spark.read.parquet(*paths)
    except AnalysisException as error:
        if any(word in str(error) for word in ("PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA")):
            return None
        raise
    return found if found.columns else None  # Sail reads a missing table as an empty one


def with_day(lines: DataFrame, message: str, timestamp: str) -> DataFrame:
    """Return the lines with their day, as text, after a check of their columns.

    Raises
    ------
    InputError
        If a column is missing, or has the name of a column that scoring adds.
    """
    from pyspark.sql import functions as F  # noqa: N812

    has_day = "day" in lines.columns
    needed = [message] if has_day else [message, timestamp]
    for name in needed:
        if name not in lines.columns:
            raise InputError(
                f"the input has no column {name!r}; it has {', '.join(lines.columns)}: name the "
                "columns with --message-column and --time-column"
            )
    if taken := [name for name in _ADDED if name in lines.columns]:
        raise InputError(
            f"the input has columns that scoring adds: {', '.join(taken)}; remove them "
            "from the input"
        )
    day = F.col("day") if has_day else F.to_date(F.col(timestamp))
    return lines.withColumn("day", F.coalesce(day.cast("string"), F.lit(_NO_DAY)))


def present_days(
    spark: SparkSession, folder: str, days: Sequence[str], *, replace: bool
) -> list[str]:
    """Return which of the days are in the output already.

    Raises
    ------
    InputError
        If there are any, and they are not to be replaced.
    """
    present = _stored_days(spark, folder) & set(days)
    if present and not replace:
        _refuse_present(folder, sorted(present))
    return sorted(present)


def _stored_days(spark: SparkSession, folder: str) -> set[str]:
    stored = read_stored(spark, [folder])
    if stored is None:
        return set()
    days = (row[0] for row in stored.select("day").distinct().collect())
    return {_NO_DAY if day is None else str(day) for day in days}


def _refuse_present(folder: str, days: Sequence[str]) -> NoReturn:
    raise InputError(
        f"{folder} already has {len(days)} of these days, the first is {days[0]}: add --replace to "
        "replace them with this input, or write to another folder"
    )


def write_days(lines: DataFrame, folder: str, present: Sequence[str]) -> None:
    """Add new days, and replace the days that are present already.

    Days are replaced one at a time, because Sail overwrites the whole table instead of the given
    partitions.
    """
    for day in present:
        replacement = lines.where(lines["day"] == day).drop("day")
        replacement.write.mode("overwrite").parquet(f"{folder}/day={day}")
    new = lines.where(~lines["day"].isin(*present)) if present else lines
    new.hint("rebalance", "day").write.mode("append").partitionBy("day").parquet(folder)
