"""A real local cluster of two executors, each a process of its own with Python workers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# 'make unit' installs Spark into a folder of its own: half a gigabyte, and another pandas.
OWN_FOLDER = Path(__file__).parents[2] / "build" / "spark"
QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def require_spark() -> None:
    """Make pyspark importable, here and in what Spark starts, or skip by name."""
    if not (OWN_FOLDER / "pyspark").is_dir():
        pytest.skip("Spark is not installed: run 'make build/spark/.installed'")
    if str(OWN_FOLDER) not in sys.path:
        sys.path.append(str(OWN_FOLDER))
    own = [str(OWN_FOLDER), str(Path(__file__).parent)]
    paths = [*os.environ.get("PYTHONPATH", "").split(os.pathsep), *own]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(path for path in paths if path))
    os.environ["PYSPARK_PYTHON"] = sys.executable


@contextmanager
def local_cluster() -> Iterator[Any]:
    """Start the cluster, and stop it afterwards."""
    from fame_sql.spark import open_session

    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(OWN_FOLDER.parent / "spark-warehouse"),
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.python.daemon.module": "spark_daemon",
        # A test runs each query once, and the second compiler pays from the thousandth on.
        "spark.driver.extraJavaOptions": QUICK_START,
        "spark.executor.extraJavaOptions": QUICK_START,
    }
    spark = open_session("local-cluster[2,1,1024]", settings)
    try:
        yield spark
    finally:
        spark.stop()


@contextmanager
def sail() -> Iterator[Any]:
    """Start a Sail server in this process, and ask it over Spark Connect."""
    from pysail.spark import SparkConnectServer

    from fame_sql.spark import open_session

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    address, port = server.listening_address
    spark = open_session(f"sc://{address}:{port}")
    try:
        yield spark
    finally:
        spark.stop()
        server.stop()
        # pyspark sets it for good, and opens no other kind of session as long as it is there.
        os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)
