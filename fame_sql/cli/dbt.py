"""The commands that bring the warehouse into dbt."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fame_sql.cli.output import warehouse_option
from fame_sql.errors import InputError

_HERE = Path(__file__).parents
# Inside an installed package, or beside it where fame-sql runs from its sources.
_INSTALLED, _SOURCES = _HERE[1] / "dbt_project", _HERE[2] / "dbt_project"
_PACKAGE = _INSTALLED if _INSTALLED.is_dir() else _SOURCES

_PROJECT = """\
name: my_logs
version: 0.1.0
config-version: 2
profile: my_logs
model-paths: [models]

# Nothing leaves the machine.
flags:
  send_anonymous_usage_stats: false

vars:
  fame:
    # How late a log line may come, in hours.
    fame_lookback_hours: 24
    # To score a table of your own instead of the warehouse's logs, say where it is and which
    # SQL expression gives each column:
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
        # DuckDB takes up to 80 % of the machine's memory if it is not told how much; the model and
        # Python take about half a gigabyte beside it. What does not fit goes to temporary files.
        # memory_limit: 2GB
        # preserve_insertion_order: false
        temp_directory: {temporary}
      plugins:
        - module: fame_sql.dbt
"""

_MODEL = """\
-- A model of your own on what the package builds.
select
    log_time::date as day,
    domain,
    count(*) as anomalous_lines
from {{ ref('fame', 'fct_anomalies') }}
group by day, domain
"""


@click.group()
def dbt() -> None:
    """Build scored logs as dbt models."""


@dbt.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("fame_dbt"))
@warehouse_option
@click.option(
    "--package",
    metavar="PATH|URL",
    help="Where the dbt package is: a folder or a git address.  [default: the one in fame-sql]",
)
@click.option("--revision", default="main", show_default=True, help="Of a git address.")
@click.option(
    "--subdirectory",
    default="dbt_project",
    show_default=True,
    help="Where in the git repository the package is; '' for its root.",
)
def init(
    folder: Path, warehouse: Path, package: str | None, revision: str, subdirectory: str
) -> None:
    """Write a dbt profile and project for the warehouse into FOLDER, ./fame_dbt by default."""
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        published = bool(opened.value("SELECT count(*) FROM fame.champion"))
    write_project(folder, warehouse, package or str(_PACKAGE), revision, subdirectory)
    click.echo(f"wrote a dbt project for {warehouse} into {folder}; next:\n")
    click.echo(f"  cd {folder}\n  dbt deps\n  dbt build")
    if not published:
        click.echo(
            f"\nno model is published: run 'fame compile --warehouse {warehouse}' before dbt build"
        )


def write_project(
    folder: Path, warehouse: Path, package: str, revision: str, subdirectory: str
) -> None:
    """Write a dbt project that builds the package on a warehouse.

    Parameters
    ----------
    folder : Path
        Where to; made if it is not there.
    warehouse : Path
        The DuckDB file, which the profile names by its absolute path.
    package : str
        The dbt package: a folder, or a git address.
    revision : str
        Branch, tag or commit of a git address.
    subdirectory : str
        Where the package is in the repository at a git address; empty for its root.

    Raises
    ------
    InputError
        If one of the files is there already, or the package is not.
    """
    files = {
        "dbt_project.yml": _PROJECT,
        "profiles.yml": _profile(warehouse.resolve()),
        "packages.yml": _packages(package, revision, subdirectory),
        "models/anomalies_by_day.sql": _MODEL,
    }
    for name in files:
        if (folder / name).exists():
            raise InputError(f"{folder / name} is there already: name another folder, or delete it")
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
        if subdirectory:
            lines.append(f"    subdirectory: {json.dumps(subdirectory)}")
        return "\n".join(lines) + "\n"
    if not (Path(package) / "dbt_project.yml").is_file():
        raise InputError(
            f"there is no dbt package at {package} (no dbt_project.yml): name the folder "
            "dbt_project of fame-sql's sources, or its git address, with --package"
        )
    return f"packages:\n  - local: {json.dumps(str(Path(package).resolve()))}\n"
