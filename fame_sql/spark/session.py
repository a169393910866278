"""Spark sessions to a master or a Spark Connect server, with the settings fame-sql needs."""

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
"""The prefix of the address of a Spark Connect server, such as Sail."""

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.ui.showConsoleProgress": "false",
    # Without it, data that is kept between steps stays in 200 parts, however small it is: a million
    # lines then take 95 s to canonicalise on 2 cores instead of 25.
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
}
"""The settings of :func:`open_session`; ``conf`` overrides them."""

_archives: list[tempfile.TemporaryDirectory[str]] = []


def open_session(master: str, conf: Mapping[str, str] | None = None) -> SparkSession:
    """Open a Spark session.

    Parameters
    ----------
    master : str
        A Spark master (``local[4]``, ``spark://host:7077``, ``yarn``, ``k8s://…``), or
        ``sc://host:port`` for a Spark Connect server such as Sail.
    conf : mapping of str to str, optional
        Settings of Spark; they override :data:`SETTINGS`.

    Raises
    ------
    InputError
        If PySpark is not installed or cannot reach the master.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError(
            "PySpark is not installed: run pip install 'fame-sql[spark]'; it needs Java 17 or later"
        ) from None
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("fame-sql")
    builder = builder.remote(master) if master.startswith(CONNECT) else builder.master(master)
    for name, value in {**SETTINGS, **(conf or {})}.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
    except Exception as error:  # py4j, gRPC and Java have no common error
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"cannot open a Spark session at {master!r}: {first}") from None
    if not is_remote(spark):
        # At the default level, Spark logs a Java stack trace for a folder that does not exist yet.
        spark.sparkContext.setLogLevel("ERROR")
    return spark


def is_remote(spark: SparkSession) -> bool:
    """Return whether a session uses Spark Connect instead of a Spark driver in this process."""
    return type(spark).__module__.startswith("pyspark.sql.connect")


def local_folder(spark: SparkSession, address: str) -> Path | None:
    """Return the local folder that Spark means by an address, None if it is not local.

    Parameters
    ----------
    spark : SparkSession
        Its settings define the meaning of an address without a protocol. The folders of a Spark
        Connect server are never local.
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
    """Make a model available to every worker.

    Parameters
    ----------
    spark : SparkSession
        The session whose workers need the model.
    folder : Path
        A model folder.
    ship : bool
        Send it as an archive with the session. Without it, every worker must be able to read
        ``folder`` under the same path.

    Raises
    ------
    ModelError
        If the folder is not a model, or was changed.
    """
    version = str(check(folder)["version"])
    if not ship:
        return ModelPlace(version, str(folder.resolve()), is_shipped=False)
    name = f"fame-model-{version}"
    if is_remote(spark):
        spark.addArtifacts(f"{_archive(folder, name)}#{name}", archive=True)
    elif name not in _archive_names(spark):
        spark.sparkContext.addArchive(f"{_archive(folder, name)}#{name}")
    return ModelPlace(version, name, is_shipped=True)


def _archive(folder: Path, name: str) -> Path:
    """Zip a folder into a file that is kept until this process ends, because Spark serves it."""
    temporary = tempfile.TemporaryDirectory(prefix="fame-spark-")
    _archives.append(temporary)
    return Path(shutil.make_archive(str(Path(temporary.name) / name), "zip", folder))


def _archive_names(spark: SparkSession) -> set[str]:
    return {address.rpartition("#")[2] for address in spark.sparkContext.listArchives}
