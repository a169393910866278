"""Spark: the live functions, scoring of Parquet tables and translation of statements.

>>> import fame_sql.spark
>>> fame_sql.spark.register(spark, "model-folder")  # doctest: +SKIP
>>> spark.sql("SELECT * FROM logs WHERE fame_score(body) > 0.5")  # doctest: +SKIP

Scores are the same bits as on DuckDB. Spark SQL works as it is; :func:`transpile` translates
DuckDB's SQL and refuses constructs that have another result on Spark. :func:`score_parquet` scores
a table of any size.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fame_sql.spark.lake import lake_table, score_lake
from fame_sql.spark.scoring import ScoredTable, score_parquet
from fame_sql.spark.session import open_session, place_model
from fame_sql.spark.transpile import statements, transpile
from fame_sql.udfs import spark as functions

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = [
    "ScoredTable",
    "lake_table",
    "open_session",
    "place_model",
    "register",
    "score_lake",
    "score_parquet",
    "statements",
    "transpile",
]


def register(spark: SparkSession, model: Path | str, *, ship: bool = True) -> None:
    """Register the live functions on a Spark session.

    Parameters
    ----------
    spark : SparkSession
        A session of Spark 4.1 or later, or of Spark Connect.
    model : Path or str
        A model folder, written by ``fame models export``.
    ship : bool
        Send the folder to the workers with the session. Without it, every worker must be able to
        read it under the same path.

    Raises
    ------
    ModelError
        If the folder is not a model, or was changed.
    """
    functions.register(spark, place_model(spark, Path(model), ship=ship))
