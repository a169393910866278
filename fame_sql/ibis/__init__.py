"""ibis: the live functions as typed expressions, and what investigators ask as table expressions.

>>> from fame_sql import ibis as fame
>>> connection = fame.connect("warehouse.duckdb")  # doctest: +SKIP
>>> logs = connection.table("logs")  # doctest: +SKIP
>>> logs.mutate(score=fame.score(logs.body)).filter(lambda t: t.score > 0.9)  # doctest: +SKIP

On PySpark the same expressions work after ``fame_sql.spark.register``. The tables are those of a
warehouse, so they are for connections of :func:`connect`.
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("ibis") is None:
    raise ImportError("fame_sql.ibis needs ibis: pip install 'fame-sql[ibis]'")

from fame_sql.ibis.backend import connect
from fame_sql.ibis.functions import (
    action,
    canonical,
    domain,
    explain,
    is_anomaly,
    novelty,
    score,
    template,
    verdict,
)
from fame_sql.ibis.tables import (
    anomalies,
    co_occurring,
    compare_models,
    diff_patterns,
    first_seen,
    incidents,
    neighbours,
    rare_values,
    template_values,
    timeline,
)

__all__ = [
    "action",
    "anomalies",
    "canonical",
    "co_occurring",
    "compare_models",
    "connect",
    "diff_patterns",
    "domain",
    "explain",
    "first_seen",
    "incidents",
    "is_anomaly",
    "neighbours",
    "novelty",
    "rare_values",
    "score",
    "template",
    "template_values",
    "timeline",
    "verdict",
]
