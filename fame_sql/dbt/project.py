"""Creation of a new dbt project for a warehouse."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

from fame_sql import sql
from fame_sql.errors import InputError

_HERE = Path(__file__).parents
# The first exists in an installed package, the second in a source tree.
_INSTALLED, _SOURCES = _HERE[1] / "dbt_project", _HERE[2] / "dbt_project"
PACKAGE = _INSTALLED if _INSTALLED.is_dir() else _SOURCES
"""The dbt package that is part of fame-sql."""

_PROJECT = """\
name: my_logs
version: 0.1.0
config-version: 2
profile: my_logs
model-paths: [models]

# dbt sends no usage statistics.
flags:
  send_anonymous_usage_stats: false

vars:
  fame:
    # The maximum delay of a log line, in hours.
    fame_lookback_hours: 24
    # To score a table of your own instead of the warehouse's logs, set its schema, its name and the
    # SQL expression of each column:
    # fame_own_logs: true
    # fame_logs_schema: app
    # fame_logs_table: lines
    # fame_columns: {log_id: id, timestamp: ts, severity_text: lvl, service_name: app, body: msg}
"""

_PROFILE = """\
my_logs:
  target: warehouse
  outputs:
    warehouse:
      type: duckdb
      path: {warehouse}
      schema: fame_dbt
      threads: 2
      config_options:
        # Without a limit, DuckDB uses up to 80 % of the machine's memory; the model and Python
        # need about half a gigabyte more. Data beyond the limit is written to temporary files.
        # memory_limit: 2GB
        # preserve_insertion_order: false
        temp_directory: {temporary}
      plugins:
        - module: fame_sql.dbt
"""


def write_project(
    folder: Path, warehouse: Path, package: str, revision: str, subdirectory: str
) -> None:
    """Write a dbt project that builds the package on a warehouse.

    Parameters
    ----------
    folder : Path
        Folder of the project; created if it does not exist.
    warehouse : Path
        The DuckDB file; its absolute path is written to the profile.
    package : str
        The dbt package: a folder, or a git address.
    revision : str
        Branch, tag or commit at the git address.
    subdirectory : str
        Folder of the package in the git repository; ``.`` for its root.

    Raises
    ------
    InputError
        If one of the files exists already, the package does not exist, or the folder is not
        inside the repository.
    """
    files = {
        "dbt_project.yml": _PROJECT,
        "profiles.yml": _profile(warehouse.resolve()),
        "packages.yml": _packages(package, revision, subdirectory),
        "models/anomalies_by_day.sql": sql.load("dbt/starter_model"),
    }
    for name in files:
        if (folder / name).exists():
            raise InputError(f"{folder / name} already exists: name another folder, or delete it")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _profile(warehouse: Path) -> str:
    temporary = warehouse.with_name(f"{warehouse.name}.tmp")
    return _PROFILE.format(
        warehouse=json.dumps(str(warehouse)), temporary=json.dumps(str(temporary))
    )


def _packages(package: str, revision: str, subdirectory: str) -> str:
    if "://" in package or package.startswith("git@"):
        lines = ["packages:", f"  - git: {json.dumps(package)}"]
        lines.append(f"    revision: {json.dumps(revision)}")
        inside = PurePosixPath(subdirectory)
        if inside.is_absolute() or ".." in inside.parts:
            raise InputError(
                f"--subdirectory {subdirectory} leaves the repository: name a folder in it, such "
                "as dbt_project, or '.' for its root"
            )
        if inside.parts:
            lines.append(f"    subdirectory: {json.dumps(subdirectory)}")
        return "\n".join(lines) + "\n"
    if not (Path(package) / "dbt_project.yml").is_file():
        raise InputError(
            f"there is no dbt package at {package} (no dbt_project.yml): name the folder "
            "dbt_project of fame-sql's sources, or its git address, with --package"
        )
    return f"packages:\n  - local: {json.dumps(str(Path(package).resolve()))}\n"
