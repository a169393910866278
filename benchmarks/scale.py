"""The naive query over millions of rows: as written, planned, and stored, in one run.

    make bench-scale ROWS=10000000

The rows are made from the warehouse's own canonical shapes, as often as its log has them, with
parameters drawn log-uniformly, so that distinct messages grow as in real logs: the curves are
printed, beside those of the raw log files named with ``--samples``. The model's own rate, one
row at a time, is measured on a sample and extrapolated; all else is run in full.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

import fame_sql
from fame_sql.canonical import default_recipe
from fame_sql.registry import load_champion
from fame_sql.udfs.duckdb import release
from fame_sql.warehouse import Warehouse

PAPER = 1_200_000 / 3600  # lines a second, of FAME's paper, on four GPUs
SAMPLE = 2_000
NAIVE = "SELECT count(*) FROM logs WHERE fame_score(body) > 0.5"


def main() -> None:
    """Make the rows, run every way, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=Path("demo.duckdb"))
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--memory", default="4GB", help="DuckDB's memory_limit")
    parser.add_argument("--samples", type=Path, nargs="*", default=[], help="raw log files")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.warehouse.absolute().parent) as folder:
        copy = Path(folder) / chosen.warehouse.name
        shutil.copy(chosen.warehouse, copy)
        models = f"{chosen.warehouse.stem}.models"
        shutil.copytree(chosen.warehouse.with_name(models), copy.with_name(models))
        measure(copy, chosen.rows, chosen.memory, chosen.samples)


def measure(warehouse: Path, rows: int, memory: str, samples: list[Path]) -> None:
    """Make ``rows`` lines in a copy of the warehouse and time every way."""
    connection = fame_sql.connect(warehouse)
    connection.execute("SET memory_limit = ?", [memory])
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(_made_rows(rows))
    connection.execute("DELETE FROM fame.logs")
    connection.execute("INSERT INTO fame.logs BY NAME FROM made")
    connection.execute("DROP TABLE made")
    connection.execute("CHECKPOINT")
    print(f"{rows:,} rows, DuckDB {duckdb.__version__}, memory_limit {memory}")
    curve("made", connection, "fame.logs", "body")
    for sample in samples:
        with duckdb.connect() as own:
            own.execute(
                "CREATE TABLE lines AS SELECT unnest(string_split(content, chr(10))) AS body "
                "FROM read_text(?)",
                [str(sample)],
            )
            curve(sample.name, own, "lines", "body")
    show(connection, warehouse, rows)
    release(connection)
    connection.close()


def _made_rows(rows: int) -> str:
    """Return SQL that fills the masks of canonical shapes, keeping those that come out again."""
    recipe = default_recipe()
    number = "floor(pow(10, 4 + 5 * (hash({i}) % 1000003) / 1000003.0))::BIGINT"
    filled = (
        "replace(replace(translate(regexp_replace(canonical, '([a-z]+)<path>', '/\\1/f<id>', 'g'), "
        "'#', '7'), '<path>', '/var/f<id>'), '<id>', {n}::VARCHAR)"
    )
    body = filled.format(n=number.format(i="i"))
    shape = filled.format(n="12345")
    return f"""
        CREATE OR REPLACE TEMP TABLE shapes AS (
            SELECT logs.log_id, logs.event_id, events.canonical,
                row_number() OVER (ORDER BY logs.log_id) - 1 AS place, count(*) OVER () AS n
            FROM fame.logs AS logs INNER JOIN fame.events AS events USING (event_id)
            WHERE {recipe.sql(shape)} = events.canonical
        );
        CREATE OR REPLACE TABLE made AS
        WITH numbers AS (
            SELECT i, (hash(i + 7) % size.n)::BIGINT AS place
            FROM range({rows:d}) AS r(i) CROSS JOIN (SELECT max(n) AS n FROM shapes) AS size
        )
        SELECT i AS log_id, TIMESTAMP '2026-01-01' + to_milliseconds(i * 10) AS timestamp,
            now()::TIMESTAMP AS observed_timestamp, {body} AS body, event_id,
            'made' AS source_path, i AS line_number, i AS byte_offset, 1 AS line_count,
            0 AS ingest_id, 'made' AS parser
        FROM numbers INNER JOIN shapes USING (place)
    """


def curve(name: str, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
    """Print how distinct messages and events grow with the rows."""
    total = connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
    recipe = default_recipe().sql("body")
    for rows in (n for n in (1_000, 10_000, 100_000, 1_000_000) if n <= total):
        messages, events = connection.execute(
            f"SELECT count(*), count(DISTINCT {recipe}) FROM "
            f"(SELECT DISTINCT {column} AS body FROM (FROM {table} LIMIT {rows}))"
        ).fetchall()[0]
        print(f"  {name:32} {rows:>10,} rows {messages:>10,} messages {events:>7,} events")


def show(connection: duckdb.DuckDBPyConnection, warehouse: Path, rows: int) -> None:
    """Time every way and print seconds, rows a second and ratios."""
    one = naive(connection, warehouse)

    def run(statement: str) -> Callable[[], object]:
        return lambda: connection.execute(statement).fetchall()

    def planned() -> object:
        return fame_sql.query(connection, NAIVE).fetchall()

    distinct = timed(run("SELECT count(DISTINCT body) FROM logs"))
    ways = {"naive: a row at a time (extrapolated)": one * rows}
    ways["count(DISTINCT body)"] = distinct
    ways["count(*) .. LIKE '%error%'"] = timed(
        run("SELECT count(*) FROM logs WHERE body LIKE '%error%'")
    )
    connection.execute("DELETE FROM fame.scores")
    ways["planned, cold: all events scored"] = timed(planned)
    ways["planned, warm"] = timed(planned)
    ways["live, no planner, warm model"] = timed(run(NAIVE))
    ways["stored: scored_logs"] = timed(run("SELECT count(*) FROM scored_logs WHERE score > 0.5"))
    ways["integer hash join"] = timed(
        run("SELECT count(*) FROM logs INNER JOIN fame.scores USING (event_id) WHERE score > 0.5")
    )
    ways["FAME's paper, four GPUs (as told)"] = rows / PAPER
    print(f"{'way':38}{'seconds':>12}{'rows/s':>16}{'to DISTINCT':>13}{'to naive':>12}")
    for name, seconds in ways.items():
        ratios = f"{seconds / distinct:13.3f}{one * rows / seconds:11,.0f}x"
        print(f"{name:38}{seconds:12.3f}{rows / seconds:16,.0f}{ratios}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory of the process {peak:.1f} GB")


def naive(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> float:
    """Return seconds a row, asking the model for one row after another."""
    model = load_champion(Warehouse(warehouse, connection.cursor()))
    bodies = connection.execute(f"SELECT body FROM logs LIMIT {SAMPLE}").fetchall()
    model.verdicts([model.recipe.text(bodies[0][0])])
    since = time.perf_counter()
    for (body,) in bodies[: SAMPLE // 4]:
        model.verdicts([model.recipe.text(body)])
    return (time.perf_counter() - since) / (SAMPLE // 4)


def timed(run: Callable[[], object]) -> float:
    """Return the seconds that a run takes."""
    since = time.perf_counter()
    run()
    return time.perf_counter() - since


if __name__ == "__main__":
    main()
