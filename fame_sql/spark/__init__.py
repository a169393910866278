"""The same functions, the same scores and the same statements on Spark.

>>> import fame_sql.spark
>>> fame_sql.spark.register(spark, "model-folder")  # doctest: +SKIP
>>> spark.sql("SELECT * FROM logs WHERE fame_score(body) > 0.5")  # doctest: +SKIP

Spark SQL is asked as it is; what is written for DuckDB is transpiled by :func:`transpile`, which
refuses what Spark would answer differently. :func:`score_parquet` scores a table of any size.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fame_sql.spark.scoring import ScoredTable, score_parquet
from fame_sql.spark.session import open_session, place_model
from fame_sql.spark.transpile.transpile import transpile
from fame_sql.udfs import spark as functions

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["ScoredTable", "open_session", "place_model", "register", "score_parquet", "transpile"]


def register(spark: SparkSession, model: Path | str, *, ship: bool = True) -> None:
    """Put the live functions on a Spark session.

    Parameters
    ----------
    spark : SparkSession
        A session of Spark 4.1 or later, or of Spark Connect.
    model : Path or str
        A model folder, as ``fame models export`` writes it.
    ship : bool
        Send the folder to the workers with the session. If not, every worker must see it under
        the same path.

    Raises
    ------
    ModelError
        If the folder is no model, or was changed.
    """
    functions.register(spark, place_model(spark, Path(model), ship=ship))
