"""The same rows scored on a local Spark cluster of two executors, in a separate process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from fame_sql.sql.quoting import literal

SPARK = Path(__file__).parents[1] / "build" / "spark"


def seconds(connection: duckdb.DuckDBPyConnection, model: Path, rows: int) -> float | None:
    """Return the seconds of the job on the first rows, without the start of the cluster.

    None if Spark is not installed.
    """
    if not (SPARK / "pyspark").is_dir():
        print("Spark is left out: run 'make build/spark/.installed'", file=sys.stderr)
        return None
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "lines.parquet"
        connection.execute(
            f"COPY (SELECT timestamp, body FROM fame.logs WHERE log_id < {rows}) "
            f"TO {literal(lines)} (FORMAT parquet)"
        )
        paths = os.pathsep.join(p for p in (os.environ.get("PYTHONPATH"), str(SPARK)) if p)
        environment = {**os.environ, "PYTHONPATH": paths, "PYSPARK_PYTHON": sys.executable}
        done = subprocess.run(
            [sys.executable, __file__, str(lines), f"{folder}/scored", str(model)],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
    if done.returncode:
        print(f"Spark failed: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    return float(json.loads(done.stdout.splitlines()[-1])["seconds"])


def main() -> None:
    """Score a Parquet file and print the seconds as JSON."""
    from fame_sql.spark import open_session, score_parquet

    lines, target, model = sys.argv[1:]
    spark = open_session("local-cluster[2,1,2048]", {"spark.ui.enabled": "false"})
    try:
        since = time.perf_counter()
        score_parquet(spark, [lines], target, Path(model))
        print(json.dumps({"seconds": time.perf_counter() - since}))
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
