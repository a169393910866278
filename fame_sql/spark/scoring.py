"""Set-based scoring as a Spark job: Parquet in, Parquet with verdicts by day out.

Distinct messages are canonicalised, distinct canonical texts judged, and both joined back. The
verdicts lie beside the lines, one row an event and model, and what is there is not judged again.

Text is canonicalised by the functions' own Arrow code (RE2), never by Spark's
``regexp_replace``: Java's regular expressions recurse, and one long message of the right shape
overflows an executor's stack and takes the executor down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pyarrow as pa

from fame_sql.canonical.canonical import event_hash
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError
from fame_sql.spark.claim import claimed
from fame_sql.spark.session import is_remote, local_folder, place_model
from fame_sql.udfs.spark import ModelPlace, scorer_at
from fame_sql.verdict.columns import ARROW_FIELDS, SPARK_TYPES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SLICE = 1_000_000
"""Events judged and committed at once: what a job that is stopped loses at most."""

_FIELDS = {"event_hash": "string", "canonical": "string", **SPARK_TYPES}
# What Hive's layout calls NULL; Sail would write a NULL day as 1970-01-01.
_NO_DAY = "__HIVE_DEFAULT_PARTITION__"
_MESSAGE = "__fame_message"
_TEXT = pa.string()
_VERDICTS = pa.schema([("event_hash", _TEXT), ("canonical", _TEXT), *ARROW_FIELDS])
_KEYS = pa.schema([(name, _TEXT) for name in (_MESSAGE, "canonical", "event_hash")])
_ADDED = [name for name in _FIELDS if name != "canonical"]


@dataclass(frozen=True)
class ScoredTable:
    """What a scoring job did.

    Parameters
    ----------
    scored : int
        Events judged now.
    events, lines : int
        Events and lines of the input.
    days : int
        Days written; lines without a time are one of them.
    model_version : str
        The model that judged.
    """

    scored: int
    events: int
    lines: int
    days: int
    model_version: str


def score_parquet(
    spark: SparkSession,
    source: Sequence[str],
    target: str,
    model: Path | str,
    *,
    message: str = "body",
    timestamp: str = "timestamp",
    replace: bool = False,
    ship: bool = True,
    progress: Progress | None = None,
) -> ScoredTable:
    """Score every line of a Parquet table and write it, with its verdict, by day.

    ``target/logs`` is partitioned by ``day`` (UTC), ``target/verdicts`` by ``model_version``,
    one row an event. Events with a verdict there are not judged again, and every million that
    are judged are committed, so that a job that was stopped goes on from there.

    Parameters
    ----------
    spark : SparkSession
        See :func:`fame_sql.spark.open_session`.
    source : sequence of str
        Parquet files or folders, at any address that Spark reads.
    target : str
        A folder, at any address that Spark writes.
    model : Path or str
        A model folder.
    message, timestamp : str
        The columns that hold them. A column ``day`` in the input is taken as the day.
    replace : bool
        Write days that are there already anew, from the input alone; without it they are
        refused, for their lines would be doubled or lost.
    ship : bool
        Send the model with the session; if not, every worker must see its folder.
    progress : Progress, optional
        Where to tell how many events are scored.

    Raises
    ------
    InputError
        If a column is missing or would be written over, a day is there already, or another job
        is writing to the folder.
    ModelError
        If the model cannot be trusted.
    """
    place = place_model(spark, Path(model), ship=ship)
    lines = _with_day(_read(spark, source), message, timestamp)
    with claimed(local_folder(spark, target)):
        return _score(spark, lines, message, target, place, replace, progress or SilentProgress())


def _score(
    spark: SparkSession,
    lines: DataFrame,
    message: str,
    target: str,
    place: ModelPlace,
    replace: bool,
    progress: Progress,
) -> ScoredTable:
    days = [row[0] for row in lines.select("day").distinct().collect()]
    present = _present(spark, f"{target}/logs", days)
    if present and not replace:
        _refuse_present(f"{target}/logs", present)
    keys = _keys(lines, message, place).persist()
    try:
        verdicts = f"{target}/verdicts/model_version={place.version}"
        scored, events = _judge(spark, keys, verdicts, place, progress)
        _write(_joined(spark, lines, message, keys, verdicts), f"{target}/logs", present)
        return ScoredTable(scored, events, lines.count(), len(days), place.version)
    finally:
        keys.unpersist()


def _read(spark: SparkSession, source: Sequence[str]) -> DataFrame:
    found = _stored(spark, *source)
    if found is None:
        raise InputError(f"there is no Parquet table at {', '.join(source)}; check the address")
    return found


def _stored(spark: SparkSession, *paths: str) -> DataFrame | None:
    """Read Parquet, None where nothing is."""
    from pyspark.errors import AnalysisException

    try:
        found = spark.read.parquet(*paths)
    except AnalysisException as error:
        if any(word in str(error) for word in ("PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA")):
            return None
        raise
    return found if found.columns else None  # Sail reads what is not there as an empty table


def _with_day(lines: DataFrame, message: str, timestamp: str) -> DataFrame:
    from pyspark.sql import functions as F  # noqa: N812

    has_day = "day" in lines.columns
    needed = [message] if has_day else [message, timestamp]
    for name in needed:
        if name not in lines.columns:
            raise InputError(
                f"the input has no column {name!r}; it has {', '.join(lines.columns)}: name the "
                "right ones with --message-column and --time-column"
            )
    if taken := [name for name in _ADDED if name in lines.columns]:
        raise InputError(
            f"the input has columns that scoring adds: {', '.join(taken)}; score the lines "
            "without them"
        )
    day = F.col("day") if has_day else F.to_date(F.col(timestamp))
    return lines.withColumn("day", F.coalesce(day.cast("string"), F.lit(_NO_DAY)))


def _present(spark: SparkSession, folder: str, days: Sequence[str]) -> list[str]:
    """Return which of the days are written already."""
    stored = _stored(spark, folder)
    if stored is None:
        return []
    found = (row[0] for row in stored.select("day").distinct().collect())
    return sorted({_NO_DAY if day is None else str(day) for day in found} & set(days))


def _refuse_present(folder: str, days: Sequence[str]) -> NoReturn:
    raise InputError(
        f"{folder} has {len(days)} of these days already, the first {days[0]}: add --replace to "
        "write them anew from this input alone, or write to another folder"
    )


def _keys(lines: DataFrame, message: str, place: ModelPlace) -> DataFrame:
    """Return each distinct message with its canonical text and the identity of its event."""

    def canonicalise(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        recipe = scorer_at(place).recipe
        for batch in batches:
            canonical = recipe.arrow(batch.column(0).cast(pa.string()))
            hashes = pa.array(map(event_hash, canonical.to_pylist()), pa.string())
            yield pa.RecordBatch.from_arrays([batch.column(0), canonical, hashes], schema=_KEYS)

    distinct = lines.select(lines[message].alias(_MESSAGE)).dropna().distinct()
    return distinct.mapInArrow(canonicalise, _ddl(_KEYS))


def _judge(
    spark: SparkSession, keys: DataFrame, verdicts: str, place: ModelPlace, progress: Progress
) -> tuple[int, int]:
    """Judge and store the events without a verdict; return how many, and how many there are."""
    from pyspark.sql import functions as F  # noqa: N812

    events = keys.select("event_hash", "canonical").distinct()
    known = _stored(spark, verdicts)
    pending = events if known is None else events.join(known, "event_hash", "left_anti")
    total = pending.count()
    slices = math.ceil(total / SLICE)
    with progress.step("scoring events", total) as step:
        for number in range(slices):
            nth = F.pmod(F.crc32("event_hash"), F.lit(slices)) == number
            part = pending.where(nth).repartition(_parallelism(spark), "event_hash")
            judged = part.mapInArrow(_judging(place), _ddl(_VERDICTS)).drop("model_version")
            judged.write.mode("append").parquet(verdicts)
            step.advance(total * (number + 1) // slices - total * number // slices)
    return total, events.count()


def _judging(place: ModelPlace) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def judge(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        model = scorer_at(place).model()
        for batch in batches:
            hashes, texts = (column.to_pylist() for column in batch.columns)
            rows = [
                {"event_hash": key, "canonical": text, **asdict(verdict)}
                for key, text, verdict in zip(hashes, texts, model.verdicts(texts), strict=True)
            ]
            yield pa.RecordBatch.from_pylist(rows, schema=_VERDICTS)

    return judge


def _ddl(schema: pa.Schema) -> str:
    return ", ".join(f"{name} {_FIELDS.get(name, 'string')}" for name in schema.names)


def _parallelism(spark: SparkSession) -> int:
    if is_remote(spark):
        return int(spark.conf.get("spark.sql.shuffle.partitions", "8"))
    return int(spark.sparkContext.defaultParallelism)


def _joined(
    spark: SparkSession, lines: DataFrame, message: str, keys: DataFrame, verdicts: str
) -> DataFrame:
    """Return the lines with their events and verdicts, NULL where the message is NULL."""
    from pyspark.sql import functions as F  # noqa: N812

    stored = _stored(spark, verdicts)
    if stored is None:  # no line has a message
        stored = spark.createDataFrame([], _ddl(_VERDICTS)).drop("model_version")
    version = verdicts.rpartition("=")[2]
    unique = stored.drop("canonical").dropDuplicates(["event_hash"])
    judged = keys.select(_MESSAGE, "event_hash").join(unique, "event_hash")
    judged = judged.withColumn("model_version", F.lit(version))
    return lines.join(judged, lines[message] == judged[_MESSAGE], "left").drop(_MESSAGE)


def _write(lines: DataFrame, folder: str, present: Sequence[str]) -> None:
    """Add the days that are new, and write each of the others anew.

    Day by day, for Sail takes an overwrite of some partitions for one of the whole table.
    """
    for day in present:
        anew = lines.where(lines["day"] == day).drop("day")
        anew.write.mode("overwrite").parquet(f"{folder}/day={day}")
    new = lines.where(~lines["day"].isin(*present)) if present else lines
    new.hint("rebalance", "day").write.mode("append").partitionBy("day").parquet(folder)
