"""Spark sessions: one to a master or a Spark Connect server, with what fame-sql relies on."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fame_sql.errors import InputError
from fame_sql.models import check
from fame_sql.storage.places import protocol_of
from fame_sql.udfs.spark import ModelPlace

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CONNECT = "sc://"
"""What the address of a Spark Connect server begins with; Sail's as well."""

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.ui.showConsoleProgress": "false",
    # Else what is kept between steps stays in 200 parts, however little it is: on 2 cores a million
    # lines then take 95 s to canonicalise and not 25.
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
}
"""What a session of :func:`open_session` has unless ``conf`` says otherwise."""

_kept: list[tempfile.TemporaryDirectory[str]] = []


def open_session(master: str, conf: Mapping[str, str] | None = None) -> SparkSession:
    """Return a Spark session.

    Parameters
    ----------
    master : str
        A Spark master (``local[4]``, ``spark://host:7077``, ``yarn``, ``k8s://…``), or
        ``sc://host:port`` for a Spark Connect server such as Sail.
    conf : mapping of str to str, optional
        Spark's settings, over :data:`SETTINGS`.

    Raises
    ------
    InputError
        If PySpark is not installed or cannot reach the master.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError(
            "PySpark is not installed: run pip install 'fame-sql[spark]', and have Java 17 or later"
        ) from None
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("fame-sql")
    builder = builder.remote(master) if master.startswith(CONNECT) else builder.master(master)
    for name, value in {**SETTINGS, **(conf or {})}.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
    except Exception as error:  # py4j, gRPC and Java each have errors of their own
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"no Spark session at {master!r}: {first}") from None
    if not is_remote(spark):
        # At the default level a folder that is not there yet is told with a Java stack.
        spark.sparkContext.setLogLevel("ERROR")
    return spark


def is_remote(spark: SparkSession) -> bool:
    """Return whether a session speaks Spark Connect instead of driving Spark itself."""
    return type(spark).__module__.startswith("pyspark.sql.connect")


def local_folder(spark: SparkSession, address: str) -> Path | None:
    """Return the folder of this machine that an address means to Spark, None for any other.

    Parameters
    ----------
    spark : SparkSession
        What an address without a protocol means is its setting; the folders of a Spark Connect
        server are not this machine's.
    address : str
        A path, or an address such as ``hdfs://host/logs``.
    """
    if is_remote(spark):
        return None
    if address.startswith("file:"):
        return Path(address.removeprefix("file:").removeprefix("//"))
    default = spark.sparkContext._jsc.hadoopConfiguration().get("fs.defaultFS")
    is_local = not protocol_of(address) and str(default).startswith("file:")
    return Path(address) if is_local else None


def place_model(spark: SparkSession, folder: Path, *, ship: bool = True) -> ModelPlace:
    """Put a model where every worker finds it.

    Parameters
    ----------
    spark : SparkSession
        The session whose workers need it.
    folder : Path
        A model folder.
    ship : bool
        Send it as an archive with the session. If not, every worker must see ``folder`` under
        the same path.

    Raises
    ------
    ModelError
        If the folder is no model, or was changed.
    """
    version = str(check(folder)["version"])
    if not ship:
        return ModelPlace(version, str(folder.resolve()), is_shipped=False)
    name = f"fame-model-{version}"
    if is_remote(spark):
        spark.addArtifacts(f"{_archive(folder, name)}#{name}", archive=True)
    elif name not in _names(spark):
        spark.sparkContext.addArchive(f"{_archive(folder, name)}#{name}")
    return ModelPlace(version, name, is_shipped=True)


def _archive(folder: Path, name: str) -> Path:
    """Zip a folder into one that lives as long as this process: Spark serves it from there."""
    kept = tempfile.TemporaryDirectory(prefix="fame-spark-")
    _kept.append(kept)
    return Path(shutil.make_archive(str(Path(kept.name) / name), "zip", folder))


def _names(spark: SparkSession) -> set[str]:
    return {address.rpartition("#")[2] for address in spark.sparkContext.listArchives}
