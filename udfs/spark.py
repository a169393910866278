"""The live functions on Spark: scalar Arrow functions for plain Spark SQL.

The implementations are the same as for every other engine. This module keeps the loaded model until
the Python worker ends, so a model is loaded once per worker process, not once per task.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlglot import exp

from fame_sql.errors import ModelError
from fame_sql.models import load
from fame_sql.scoring.live import LiveScorer
from fame_sql.udfs.functions import FUNCTIONS, LiveFunction

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_BY_NAME = {function.name: function for function in FUNCTIONS}

_scorers: dict[ModelPlace, LiveScorer] = {}
_loading = threading.Lock()


@dataclass(frozen=True)
class ModelPlace:
    """The location of a model on the workers.

    Parameters
    ----------
    version : str
        The model's version; the worker checks it.
    where : str
        A path that every worker can read, or the name of an archive that Spark ships.
    is_shipped : bool
        Whether ``where`` is the name of an archive.
    """

    version: str
    where: str
    is_shipped: bool

    def folder(self) -> Path:
        """Return the model folder on this worker."""
        if not self.is_shipped:
            return Path(self.where)
        from pyspark import SparkFiles

        return Path(SparkFiles.get(self.where))


def scorer_at(place: ModelPlace) -> LiveScorer:
    """Return the scorer of a model on this worker; the first call loads it.

    Raises
    ------
    ModelError
        If there is no model, it was changed, or it has another version.
    """
    with _loading:
        scorer = _scorers.get(place)
        if scorer is None:
            model = load(place.folder())
            if model.version != place.version:
                raise ModelError(
                    f"{place.where} has model {model.version} on this worker, not "
                    f"{place.version}: ship the model, or give all workers access to the "
                    "same folder"
                )
            scorer = _scorers[place] = LiveScorer(model.recipe, lambda: model)
        return scorer


def register(spark: SparkSession, place: ModelPlace) -> None:
    """Register every live function on a session, for Spark SQL and ``call_function``.

    Parameters
    ----------
    spark : SparkSession
        A session of Spark 4.1 or later.
    place : ModelPlace
        The location of the model on its workers.
    """
    from pyspark.sql.functions import arrow_udf

    for function in FUNCTIONS:
        vectorised = arrow_udf(_vectorised(function.name, place), spark_type(function))
        spark.udf.register(function.name, vectorised)


def _vectorised(name: str, place: ModelPlace) -> Callable[[pa.Array], pa.Array]:
    """Return the function that Spark sends to its workers; it refers to the model by location."""

    def compute(messages: pa.Array) -> pa.Array:
        return _BY_NAME[name].compute(scorer_at(place), messages)

    compute.__name__ = name
    return compute


def spark_type(function: LiveFunction) -> str:
    """Return the SQL type of a live function's result in Spark's dialect."""
    return exp.DataType.build(function.returns, dialect="duckdb").sql("spark")
