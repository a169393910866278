"""Set-based scoring as a Spark job: from Parquet to Parquet with verdicts, by day.

Distinct messages are canonicalised, distinct canonical texts are judged, and both are joined back
to the lines. Verdicts are stored beside the lines, one row per event and model; stored events are
not judged again. Where a template has a value head, the verdict on each distinct message is
computed from that on its event, as the views of a warehouse do.

Text is canonicalised by the same Arrow code (RE2) as in the live functions, never by Spark's
``regexp_replace``: Java's regular expressions recurse, so that a single long message can overflow
an executor's stack and end the executor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from fame_sql.canonical.canonical import event_hash
from fame_sql.console import Progress, SilentProgress
from fame_sql.spark.claim import claimed
from fame_sql.spark.session import is_remote, local_folder, place_model
from fame_sql.spark.tables import present_days, read_lines, read_stored, with_day, write_days
from fame_sql.templates.answers import NO_ANSWERS, Answers
from fame_sql.udfs.spark import ModelPlace, scorer_at
from fame_sql.values.heads import ValueHeads
from fame_sql.verdict import Verdict
from fame_sql.verdict.columns import ARROW_FIELDS, COLUMNS, SPARK_TYPES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SLICE = 1_000_000
"""Number of events that are judged and committed at once; a stopped job loses no more."""

_FIELDS = {"event_hash": "string", "canonical": "string", **SPARK_TYPES}
_MESSAGE = "__fame_message"
_TEXT = pa.string()
_VERDICTS = pa.schema([("event_hash", _TEXT), ("canonical", _TEXT), *ARROW_FIELDS])
_KEYS = pa.schema([(name, _TEXT) for name in (_MESSAGE, "canonical", "event_hash")])


@dataclass(frozen=True)
class ScoredTable:
    """The result of a scoring job.

    Parameters
    ----------
    scored : int
        Number of events judged by this job.
    events, lines : int
        Number of events and lines in the input.
    days : int
        Number of days written; lines without a time count as one day.
    model_version : str
        The model that scored them.
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
    answers: Answers | None = None,
    progress: Progress | None = None,
) -> ScoredTable:
    """Score every line of a Parquet table, and write the lines with verdicts by day.

    ``target/logs`` is partitioned by ``day`` (UTC), ``target/verdicts`` by ``model_version``,
    one row per event: the model's own, whatever was answered. Events with a stored verdict are not
    judged again. Every million judged events are committed, so that a stopped job can be continued.

    Parameters
    ----------
    spark : SparkSession
        See :func:`fame_sql.spark.open_session`.
    source : sequence of str
        Parquet files or folders, at any address that Spark can read.
    target : str
        A folder, at any address that Spark can write to.
    model : Path or str
        A model folder.
    message, timestamp : str
        Names of the columns. If the input has a column ``day``, it is used instead of the time.
    replace : bool
        Replace days that are in the output already by those of the input. Without it they are
        refused, because their lines would be duplicated or lost.
    ship : bool
        Send the model with the session. Without it, every worker must be able to read its folder.
    answers : Answers, optional
        Those of a warehouse (:func:`fame_sql.templates.answers.read_answers`); they decide the
        verdicts of the lines of their templates.
    progress : Progress, optional
        Shows how many events have been scored.

    Raises
    ------
    InputError
        If a column is missing or would be overwritten, a day is in the output already, or another
        job is writing to the folder.
    ModelError
        If the model cannot be trusted.
    """
    place = place_model(spark, Path(model), ship=ship)
    lines = with_day(read_lines(spark, source), message, timestamp)
    with claimed(local_folder(spark, target)):
        return _score(
            spark,
            lines,
            message,
            target,
            place,
            replace,
            answers or NO_ANSWERS,
            ValueHeads.load(Path(model)),
            progress or SilentProgress(),
        )


def _score(
    spark: SparkSession,
    lines: DataFrame,
    message: str,
    target: str,
    place: ModelPlace,
    replace: bool,
    answers: Answers,
    heads: ValueHeads,
    progress: Progress,
) -> ScoredTable:
    days = [row[0] for row in lines.select("day").distinct().collect()]
    present = present_days(spark, f"{target}/logs", days, replace=replace)
    keys = _keys(lines, message, place).persist()
    try:
        verdicts = f"{target}/verdicts/model_version={place.version}"
        scored, events = _judge(spark, keys, verdicts, place, progress)
        judged = _with_verdicts(spark, keys, verdicts, answers)
        if heads:
            judged = judged.mapInArrow(_by_value(heads), judged.schema)
        write_days(_joined(lines, message, judged), f"{target}/logs", present)
        return ScoredTable(scored, events, lines.count(), len(days), place.version)
    finally:
        keys.unpersist()


def _keys(lines: DataFrame, message: str, place: ModelPlace) -> DataFrame:
    """Return each distinct message with its canonical text and the hash of its event."""

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
    """Judge and store the events without a verdict; return their number and that of all events."""
    from pyspark.sql import functions as F  # noqa: N812

    events = keys.select("event_hash", "canonical").distinct()
    known = read_stored(spark, [verdicts])
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


def _deciding(
    answers: Answers,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def decide(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_pylist(
                [{**row, **answers.change(row["canonical"])} for row in batch.to_pylist()],
                schema=batch.schema,
            )

    return decide


def _by_value(
    heads: ValueHeads,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return what judges the messages of templates with a value head, and passes all others."""
    templates = pa.array(sorted(heads.by_template), pa.string())

    def judge(row: dict[str, Any]) -> dict[str, Any]:
        verdict = Verdict(**{name: row[name] for name in COLUMNS})
        return {**row, **asdict(heads.judge(row[_MESSAGE], verdict))}

    def judge_all(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found = pc.is_in(batch.column("template_id").cast(pa.string()), value_set=templates)
            yield batch.filter(pc.invert(found))
            rows = [judge(row) for row in batch.filter(found).to_pylist()]
            yield pa.RecordBatch.from_pylist(rows, schema=batch.schema)

    return judge_all


def _ddl(schema: pa.Schema) -> str:
    return ", ".join(f"{name} {_FIELDS.get(name, 'string')}" for name in schema.names)


def _parallelism(spark: SparkSession) -> int:
    if is_remote(spark):
        return int(spark.conf.get("spark.sql.shuffle.partitions", "8"))
    return int(spark.sparkContext.defaultParallelism)


def _with_verdicts(
    spark: SparkSession, keys: DataFrame, verdicts: str, answers: Answers
) -> DataFrame:
    """Return each distinct message with the verdict on its event, decided by the answers."""
    from pyspark.sql import functions as F  # noqa: N812

    stored = read_stored(spark, [verdicts])
    if stored is None:  # there is no line with a message
        stored = spark.createDataFrame([], _ddl(_VERDICTS)).drop("model_version")
    version = verdicts.rpartition("=")[2]
    # Verdicts of an earlier fame-sql have no answer.
    stored = stored.withColumn("answer", F.lit(None).cast("string"))
    stored = stored.select(*(name for name in _VERDICTS.names if name != "model_version"))
    decided = stored.mapInArrow(_deciding(answers), stored.schema) if answers else stored
    unique = decided.drop("canonical").dropDuplicates(["event_hash"])
    judged = keys.select(_MESSAGE, "event_hash").join(unique, "event_hash")
    return judged.withColumn("model_version", F.lit(version))


def _joined(lines: DataFrame, message: str, judged: DataFrame) -> DataFrame:
    """Return the lines with events and verdicts, which are NULL if the message is NULL."""
    return lines.join(judged, lines[message] == judged[_MESSAGE], "left").drop(_MESSAGE)
