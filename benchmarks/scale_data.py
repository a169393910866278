"""Rows for benchmarks, generated in SQL from a warehouse's own lines, and how distinct they are.

Each row is a line of the warehouse's log, with the same frequency, whose masks are filled with a
log-uniform random number: a few parameters occur often and many once, as in real logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from fame_sql.canonical.canonical import default_recipe

STEPS = (1_000, 10_000, 100_000, 1_000_000)

# The text around the message in a line of each sample; only the message is compared.
SAMPLES = {
    "HDFS, 2 % of its blocks": (
        "hdfs_2pct/hdfs_2pct_labelled_lines.csv.zst",
        r'^\d,blk_-?\d+,"?\d+ \d+ \d+ \w+ [^:]+: ',
    ),
    "Kubernetes (Nezha), one day": (
        "nezha/rca_data_2023-01-29.log.csv.zst",
        r'^[^{]*"\{""log"":""\S+ \w+ +\S+ |\\n"",""stream"".*$',
    ),
    "BGL, its first lines": ("bgl_head/BGL_first10000.log", r"^(\S+ ){9}"),
    "OpenStack, 2,000 lines": (
        "loghub/OpenStack/OpenStack_2k.log",
        r"^(\S+ ){6}(\[req[^\]]*\] )?",
    ),
}


def make_rows(connection: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Replace the lines in ``fame.logs`` by ``rows`` generated ones."""
    recipe = default_recipe()
    filled = (
        "replace(translate(regexp_replace(canonical, '([a-z]+)<path>', '/\\1/f<id>', 'g'), "
        "'#', '7'), '<path>', '/var/f<id>')"
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE shapes AS
        SELECT event_id, shape, row_number() OVER (ORDER BY log_id) - 1 AS place
        FROM (
            SELECT logs.log_id, logs.event_id, events.canonical, {filled} AS shape
            FROM fame.logs AS logs INNER JOIN fame.events AS events USING (event_id)
        )
        WHERE {recipe.sql("replace(shape, '<id>', '12345')")} = canonical;
        TRUNCATE fame.logs;
        """
    )
    connection.execute(
        f"""
        INSERT INTO fame.logs BY NAME
        WITH numbers AS (
            SELECT i, (hash(i + 7) % (SELECT count(*) FROM shapes))::BIGINT AS place,
                floor(pow(10, 4 + 5 * (hash(i) % 1000003) / 1000003.0))::BIGINT AS number
            FROM range({rows:d}) AS r(i)
        )
        SELECT i AS log_id, TIMESTAMP '2026-01-01' + to_milliseconds(i * 10) AS timestamp,
            TIMESTAMP '2026-01-01' AS observed_timestamp,
            replace(shape, '<id>', number::VARCHAR) AS body, event_id,
            'made' AS source_path, i AS line_number, i AS byte_offset, 1 AS line_count,
            0 AS ingest_id, 'made' AS parser
        FROM numbers INNER JOIN shapes USING (place)
        """
    )
    connection.execute("DROP TABLE shapes; CHECKPOINT")


def curves(connection: duckdb.DuckDBPyConnection, samples: list[Path]) -> Iterator[str]:
    """Yield the distinct messages and events by number of rows, for generated rows and samples.

    Samples that are not on this machine are left out.
    """
    yield f"{'distinct':28}{'rows':>12}{'messages':>12}{'events':>10}"
    total = connection.execute("SELECT count(*) FROM fame.logs").fetchall()[0][0]
    for rows in (step for step in STEPS if step <= total):
        yield _counted(connection, "made", f"SELECT body FROM fame.logs WHERE log_id < {rows}")
    data = Path(__file__).parents[1].parent / "shared" / "data"
    known = [(name, data / path, header) for name, (path, header) in SAMPLES.items()]
    for name, path, header in [*known, *((path.name, path, "^$") for path in samples)]:
        if path.is_file():
            with duckdb.connect() as own:
                yield from _of_sample(own, name, path, header)


def _of_sample(own: duckdb.DuckDBPyConnection, name: str, path: Path, header: str) -> Iterator[str]:
    own.execute(
        "CREATE TABLE lines AS SELECT row_number() OVER () AS i, "
        "regexp_replace(line, ?, '', 'g') AS body FROM read_csv(?, columns = {'line': 'VARCHAR'}, "
        "delim = '\x01', quote = '', escape = '', header = false, auto_detect = false)",
        [header, str(path)],
    )
    total = own.execute("SELECT count(*) FROM lines").fetchall()[0][0]
    if not total:
        yield f"{name:28}{0:12,}"
        return
    for rows in sorted({*(step for step in STEPS if step <= total), total}):
        yield _counted(own, name, f"SELECT body FROM lines WHERE i <= {rows}")


def _counted(connection: duckdb.DuckDBPyConnection, name: str, bodies: str) -> str:
    rows, messages, events = connection.execute(
        f"SELECT sum(n)::BIGINT, count(*), count(DISTINCT {default_recipe().sql('body')}) "
        f"FROM (SELECT body, count(*) AS n FROM ({bodies}) GROUP BY body)"
    ).fetchall()[0]
    return f"{name:28}{rows:12,}{messages:12,}{events:10,}"
