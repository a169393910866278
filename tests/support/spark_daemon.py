"""Starts Spark's Python workers, from a process that has imported what each of them would.

A worker that is idle for a minute is ended by Spark, and the imports of the next one take longer
than the test that it is for.
"""

from __future__ import annotations

import importlib
import runpy

for heavy in ("fame_sql.udfs.spark", "fame_sql.students.words", "pyspark.sql.udf"):
    importlib.import_module(heavy)
runpy.run_module("pyspark.daemon", run_name="__main__")
