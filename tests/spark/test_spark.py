"""The functions, the scoring job and the statements on a real cluster, and on Sail."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from spark_cluster import local_cluster, require_spark, sail
from warehouse_copy import copied_to

import fame_sql
from fame_sql.canonical.canonical import default_recipe
from fame_sql.cli import main
from fame_sql.console import Progress, Step
from fame_sql.errors import InputError, ModelError, QueryError
from fame_sql.models import champion
from fame_sql.sql.quoting import literal
from fame_sql.templates.answers import read_answers
from fame_sql.udfs.duckdb import release
from fame_sql.verdict import columns, statements
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

HOSTILE = [
    "",
    " ",
    "/a" * 4096,
    "1.2:3" * 2000,
    "é" * 9000,
    "日本語 /var/log/x 12 503 98%",
    "a\nb\r\nc\x0bd\u2028e\x85f 10.0.0.1:80",
    "$1 \\1 \\0 ' \" ; DROP TABLE logs; --",
    "0x7f 1.5e3 a-1 --- -5 +42 1,234,567",
    "\U0001f600" * 20 + "1" * 50,
]


@pytest.fixture(scope="module", params=["cluster", "sail"])
def spark(request: pytest.FixtureRequest) -> Iterator[Any]:
    require_spark()
    with local_cluster() if request.param == "cluster" else sail() as session:
        yield session


@pytest.fixture(scope="module")
def model(compiled: Path) -> Path:
    with Warehouse.open(compiled, read_only=True) as opened:
        return champion(opened).folder


@pytest.fixture(scope="module")
def tables(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from fame_sql.spark.transpile.statements import export_tables

    folder = tmp_path_factory.mktemp("tables")
    with Warehouse.open(compiled, read_only=True) as opened:
        export_tables(opened.connection, folder)
    return folder


@pytest.fixture(scope="module")
def functions(spark: Any, model: Path) -> Any:
    """The session with the live functions on it."""
    from fame_sql.spark import register

    register(spark, model, ship=not is_sail(spark))
    return spark


def is_sail(spark: Any) -> bool:
    from fame_sql.spark.session import is_remote

    return is_remote(spark)


def plain(value: Any) -> Any:
    """Return rows, structs and lists of either engine as tuples, floats as bits (-0.0 as 0.0)."""
    if isinstance(value, float):
        return (value or 0.0).hex()
    if isinstance(value, dict):
        return tuple(plain(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return tuple(plain(inner) for inner in value)
    return value


def test_functions_give_the_bits_of_duckdb(functions: Any, compiled: Path, tmp_path: Path) -> None:
    connection = fame_sql.connect(compiled, read_only=True)
    bodies = connection.execute(
        "SELECT DISTINCT body FROM logs ORDER BY md5(body) LIMIT 800"
    ).fetchall()
    messages = [None, *HOSTILE, *(row[0] for row in bodies)]
    pq.write_table(pa.table({"n": range(len(messages)), "m": messages}), tmp_path / "m.parquet")
    functions.read.parquet(str(tmp_path / "m.parquet")).createOrReplaceTempView("messages")
    asked = """SELECT fame_score(m), fame_is_anomaly(m), fame_domain(m), fame_template(m),
        fame_canonical(m), fame_novelty(m), fame_verdict(m) FROM {} ORDER BY n"""
    explained = "SELECT fame_explain(m) FROM {} WHERE n > 11 AND n < 20 ORDER BY n"
    place = f"{literal(str(tmp_path / 'm.parquet'))}"
    for query in (asked, explained):
        on_duckdb = connection.execute(query.format(place)).fetchall()
        assert plain(functions.sql(query.format("messages")).collect()) == plain(on_duckdb)
    release(connection)
    connection.close()


def test_ibis_gives_the_values_of_duckdb(functions: Any, compiled: Path, tmp_path: Path) -> None:
    ibis = pytest.importorskip("ibis", reason="the extra 'ibis' is not installed")
    from fame_sql import ibis as fame

    own = fame.connect(compiled, read_only=True)
    place = str(tmp_path / "lines.parquet")
    lines = own.table("logs")
    lines.filter(lines.log_id <= 300).select("log_id", "body").to_parquet(place)

    def asked(backend: Any) -> list[Any]:
        table = backend.read_parquet(place)
        judged = table.mutate(score=fame.score(table.body), verdict=fame.verdict(table.body))
        shown = judged.filter(judged.score > 0.01).order_by("log_id").drop("body")
        return plain(shown.execute().to_dict("records"))

    try:
        expected = asked(own)
        assert len(expected) > 20
        assert asked(ibis.pyspark.connect(functions)) == expected
    finally:
        own.disconnect()


def test_model_is_loaded_once_a_worker_process(functions: Any, model: Path) -> None:
    from fame_sql.spark import place_model
    from fame_sql.udfs.spark import scorer_at

    place = place_model(functions, model, ship=not is_sail(functions))

    def loaded(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            time.sleep(0.05)  # long enough for the other executor to take its share
            found = [f"{os.getpid()}"], [f"{id(scorer_at(place).model())}"]
            yield pa.RecordBatch.from_arrays([pa.array(column) for column in found], ["p", "m"])

    tasks = functions.range(0, 400, 1, 12).mapInArrow(loaded, "p string, m string").collect()
    models = defaultdict(set)
    for row in tasks:
        models[row["p"]].add(row["m"])
    assert len(tasks) == 12
    assert all(len(found) == 1 for found in models.values())
    assert (1 if is_sail(functions) else 2) <= len(models) < len(tasks)


def test_another_model_at_the_place_is_refused(model: Path) -> None:
    require_spark()
    from fame_sql.udfs.spark import ModelPlace, scorer_at

    with pytest.raises(ModelError, match="ship the model"):
        scorer_at(ModelPlace("0" * 12, str(model), is_shipped=False))


def write_lines(compiled: Path, target: Path, where: str = "TRUE") -> Path:
    """Write log lines as Parquet, two of them without a message and three without a time."""
    with Warehouse.open(compiled, read_only=True) as opened:
        opened.connection.execute(
            "COPY (SELECT log_id, CASE WHEN log_id > 3 THEN timestamp END AS timestamp, "
            f"CASE WHEN log_id NOT IN (2, 9) THEN body END AS body FROM fame.logs WHERE {where}) "
            f"TO {literal(str(target))} (FORMAT parquet)"
        )
    return target


def score(spark: Any, source: Path, target: Path, model: Path, **options: Any) -> Any:
    from fame_sql.spark import score_parquet

    return score_parquet(
        spark, [str(source)], str(target), model, ship=not is_sail(spark), **options
    )


def scored_lines(target: Path) -> list[Any]:
    return duckdb.sql(
        f"SELECT log_id, event_hash, {', '.join(columns.COLUMNS)}, day::VARCHAR "
        f"FROM read_parquet({literal(str(target / 'logs' / '*' / '*.parquet'))}, "
        "hive_partitioning = true) ORDER BY log_id"
    ).fetchall()


def expected_lines(compiled: Path, where: str) -> list[Any]:
    with Warehouse.open(compiled, read_only=True) as opened:
        return opened.rows(
            "SELECT logs.log_id, v.event_hash, v.* EXCLUDE (event_id, event_hash, canonical) "
            "REPLACE (if(v.event_id > 0, logs.score, NULL) AS score, "
            "if(v.event_id > 0, logs.is_anomaly, NULL) AS is_anomaly), "
            "CASE WHEN logs.log_id > 3 THEN logs.timestamp::DATE::VARCHAR END "
            "FROM fame.scored_logs AS logs LEFT JOIN fame.verdicts AS v "
            "ON logs.event_id = v.event_id AND logs.log_id NOT IN (2, 9) "
            f"WHERE {where} ORDER BY logs.log_id"
        )


class _Interrupted:
    """Progress that stops the job after the first slice."""

    def step(self, what: str, total: int | None = None) -> Any:
        from contextlib import contextmanager

        class Stop:
            def advance(self, amount: int = 1) -> None:
                raise KeyboardInterrupt

        @contextmanager
        def run() -> Iterator[Step]:
            yield Stop()

        return run()


def test_job_scores_every_line_as_duckdb_does(
    spark: Any, compiled: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fame_sql.spark import scoring

    early = write_lines(compiled, tmp_path / "early.parquet", "log_id <= 617")
    late = write_lines(compiled, tmp_path / "late.parquet", "log_id > 3358")
    stopping: Progress = _Interrupted()
    monkeypatch.setattr(scoring, "SLICE", 120)
    with pytest.raises(KeyboardInterrupt):
        score(spark, early, tmp_path / "out", model, progress=stopping)
    monkeypatch.undo()

    first = score(spark, early, tmp_path / "out", model)
    assert 0 < first.scored < first.events, "what was judged before the stop is not judged again"
    second = score(spark, late, tmp_path / "out", model)
    assert 0 < second.scored < second.events
    expected = expected_lines(compiled, "log_id <= 617 OR log_id > 3358")
    assert first.lines + second.lines == len(expected)
    assert plain(scored_lines(tmp_path / "out")) == plain(expected)

    with pytest.raises(InputError, match="--replace"):
        score(spark, late, tmp_path / "out", model)
    again = score(spark, late, tmp_path / "out", model, replace=True)
    assert (again.scored, again.lines) == (0, second.lines)
    assert plain(scored_lines(tmp_path / "out")) == plain(expected)


def test_job_judges_lines_by_their_values_as_duckdb_does(
    spark: Any, by_value: Path, tmp_path: Path
) -> None:
    own = copied_to(tmp_path, by_value)
    where = "log_id BETWEEN 10 AND 700"
    lines = write_lines(own, tmp_path / "lines.parquet", where)
    judged = (
        f"SELECT log_id, event_hash, {', '.join(f's.{name}' for name in columns.COLUMNS)} "
        f"FROM fame.scored_logs AS s JOIN fame.events USING (event_id) WHERE {where} ORDER BY 1"
    )
    with Warehouse.open(own) as opened:
        folder = champion(opened).folder
        for answers in ({}, {"disk": "mixed", "upstream": "normal"}):
            for word, label in answers.items():
                opened.connection.execute(GIVE, [label, word])
            expected = opened.rows(judged)
            assert len({row[1:3] for row in expected}) > len({row[1] for row in expected})
            given = read_answers(opened.connection)
            score(spark, lines, tmp_path / "out", folder, answers=given, replace=bool(answers))
            assert plain([row[:-1] for row in scored_lines(tmp_path / "out")]) == plain(expected)


GIVE = """INSERT INTO fame.answers
SELECT DISTINCT noticed.template_id, 'x', $1, 'human', 'me', NULL, now()::TIMESTAMP
FROM fame.provisional_events AS noticed JOIN fame.events USING (event_id)
WHERE canonical LIKE $2 || '%'"""


def test_command_line(spark: Any, compiled: Path, tmp_path: Path) -> None:
    if is_sail(spark):
        pytest.skip("the command asks for Sail by its address, as for any Spark Connect server")
    lines = write_lines(compiled, tmp_path / "lines.parquet", "log_id <= 50")
    words = ["score", "--engine", "spark", "--master", "local-cluster[2,1,1024]", "--json"]
    words += ["--input", str(lines), "--output", str(tmp_path / "out")]
    words += ["--warehouse", str(compiled), "--conf", "spark.ui.enabled=false"]
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 0, ran.output
    report = json.loads(ran.stdout)
    assert (report["lines"], report["scored"]) == (50, report["events"])
    refused = CliRunner().invoke(main, words)
    assert refused.exit_code == 1
    assert "--replace" in refused.output


def test_only_one_job_at_a_time_writes_to_a_folder(
    spark: Any, compiled: Path, model: Path, tmp_path: Path
) -> None:
    from fame_sql.spark.claim import claimed

    if is_sail(spark):
        pytest.skip("a Spark Connect server's folders are not this machine's")
    lines = write_lines(compiled, tmp_path / "lines.parquet", "log_id <= 5")
    for target in (tmp_path / "out", f"file:{tmp_path}/out"):
        with claimed(tmp_path / "out"), pytest.raises(InputError, match="being written by process"):
            score(spark, lines, target, model)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["_job"]


def test_job_refuses_what_it_cannot_read(spark: Any, model: Path, tmp_path: Path) -> None:
    pq.write_table(pa.table({"body": ["a"], "score": [0.5]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="no column 'timestamp'"):
        score(spark, tmp_path / "a.parquet", tmp_path / "out", model)
    with pytest.raises(InputError, match="scoring adds: score"):
        score(spark, tmp_path / "a.parquet", tmp_path / "out", model, timestamp="body")
    with pytest.raises(InputError, match="no Parquet table"):
        score(spark, tmp_path / "b.parquet", tmp_path / "out", model)


ARGUMENTS: dict[str, dict[str, str]] = {
    "coverage": {},
    "anomalies_between": {"start": "'2025-03-06'", "stop": "'2025-03-08 12:00:00'"},
    "template_counts": {"bucket": "INTERVAL 6 HOUR"},
}

# What Sail cannot do; it fails with an error, and never returns another result.
NOT_ON_SAIL = {"template_counts": "datediff unit"}


def rows_of(spark: Any, text: str, arguments: dict[str, Any]) -> list[Any]:
    used = {name: value for name, value in arguments.items() if f":{name}" in text}
    return [tuple(row) for row in spark.sql(text, args=used).collect()]


def test_statements_answer_alike(spark: Any, compiled: Path, tables: Path) -> None:
    from fame_sql.spark.transpile.statements import (
        MACROS,
        QUERIES,
        VIEWS,
        macro,
        open_tables,
        statement,
    )

    open_tables(spark, str(tables))
    with Warehouse.open(compiled, read_only=True) as opened:
        version = champion(opened).model_version
        arguments = {"model_version": version}
        for name in QUERIES:
            text = statements.load(name)
            used = {n: v for n, v in arguments.items() if f"${n}" in text}
            expected = opened.rows(text, used or None)
            assert plain(rows_of(spark, statement(name), arguments)) == plain(expected)
        for view in (name.partition("_")[2] for name in VIEWS):
            text = f"SELECT * FROM {view}"
            expected = opened.rows(f"SELECT * FROM fame.{view}")
            found = rows_of(spark, text, {})
            assert plain(sorted(found, key=repr)) == plain(sorted(expected, key=repr))
        assert set(MACROS) == set(ARGUMENTS)
        for name, given in ARGUMENTS.items():
            call = ", ".join(f"{key} := {value}" for key, value in given.items())
            expected = opened.rows(f"SELECT * FROM fame.{name}({call})")
            assert expected
            if is_sail(spark) and name in NOT_ON_SAIL:
                with pytest.raises(Exception, match=NOT_ON_SAIL[name]):
                    rows_of(spark, macro(name, given), {})
                continue
            found = rows_of(spark, macro(name, given), {})
            assert plain(sorted(found, key=repr)) == plain(sorted(expected, key=repr))


EXPRESSIONS = [
    "round(d, 2)",
    "round(d, 0)",
    "round(-d, 1)",
    "floor(d)::BIGINT",
    "n / nullif(k, 0)",
    "100.0 * n / nullif(k, 0)",
    "n % 3",
    "n / 4",
    "d > 0.5",
    "k = n",
    "k IS NOT DISTINCT FROM n",
    "left(s, 3)",
    "substring(s, 2, 3)",
    "md5(s)",
    r"regexp_replace(s, '([a-z])([0-9])', '\2-\1', 'g')",
    "regexp_replace(s, '[0-9]', '<n>', 'g')",
    r"regexp_replace(s, '\.', 'x', 'g')",
    "s LIKE 'a%'",
    "s LIKE '_1%' AND NOT s LIKE '%z'",
    "s < 'b'",
    "coalesce(k, -1)",
    "nullif(k, 2)",
    "CASE WHEN k > 1 THEN 'many' WHEN k = 1 THEN 'one' END",
    "CASE k WHEN 1 THEN 'one' ELSE 'other' END",
    "k IN (1, 2)",
    "k NOT IN (1, 2)",
    "k BETWEEN 1 AND 2",
    "timestamp::DATE",
    "timestamp > '2026-01-01 10:00:00'::TIMESTAMP",
    "abs(d)",
    "row_number() OVER (PARTITION BY k ORDER BY n DESC)",
    "rank() OVER (ORDER BY k)",
    "lag(n) OVER (ORDER BY n)",
    "sum(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    "count(k) OVER (PARTITION BY k)",
    "round(big, 15)",
    "d * 1.5 - 0.25",
    "-0.5 < d",
    "later - earlier",
    "timestamp::DATE - earlier",
    "max(later) OVER (ORDER BY n) - earlier + n",
    "later - earlier > 7 OR earlier < timestamp",
    "if(k > 1, 'many', NULL)",
    "lag(k, 1, -1) OVER (ORDER BY n)",
    "coalesce(k, d)",
]
BUCKETS = [
    f"time_bucket(INTERVAL {w}, timestamp)" for w in ("7 MINUTE", "1 HOUR", "1 DAY", "2 WEEK")
]
STATEMENTS = [
    "SELECT k, count(*) FILTER (WHERE d > 0.5) AS a, count(DISTINCT s) AS b, min(s) AS c, "
    "max(d) AS e, sum(n) AS f, bool_or(n > 3) AS g FROM cases GROUP BY ALL ORDER BY k",
    "SELECT arg_min(s, n) AS a, arg_max(k, n) AS b, any_value(k) > 0 AS c FROM cases",
    "SELECT left(s, 1) AS a, 1 AS one, count(*) AS b FROM cases GROUP BY ALL ORDER BY a, b",
    "SELECT s, k FROM cases ORDER BY s DESC, k, n LIMIT 4",
    "SELECT n FROM cases QUALIFY row_number() OVER (PARTITION BY k ORDER BY n) = 1 ORDER BY n",
    "SELECT n FROM cases AS a SEMI JOIN (SELECT k FROM cases WHERE d > 0) AS b ON a.n = b.k "
    "ORDER BY n",
    "SELECT a.n, b.s FROM cases AS a LEFT JOIN cases AS b ON a.n = b.k ORDER BY a.n, b.s, b.n",
    "WITH c AS MATERIALIZED (SELECT k FROM cases) SELECT k FROM c EXCEPT SELECT n FROM cases "
    "ORDER BY k",
    "SELECT k FROM cases UNION SELECT n FROM cases ORDER BY 1",
    "SELECT (SELECT max(n) FROM cases) AS a, EXISTS (SELECT 1 FROM cases WHERE k = 9) AS b",
    "SELECT DISTINCT k FROM cases ORDER BY k DESC",
    "SELECT n FROM cases WHERE n NOT IN (SELECT k FROM cases) ORDER BY n",
    "SELECT n FROM cases WHERE n IN (SELECT k FROM cases) OR d > 1 ORDER BY n",
    "SELECT sum(later - earlier) AS a, max(later) - min(earlier) AS b FROM cases",
]
FAILING = "SELECT floor(big)::BIGINT AS a FROM cases"


COLUMNS = {
    **dict.fromkeys(("n", "k"), "BIGINT"),
    **dict.fromkeys(("d", "big"), "DOUBLE"),
    **dict.fromkeys(("later", "earlier"), "DATE"),
}
EXCLUDING = "SELECT * EXCLUDE (timestamp, d) FROM cases WHERE s IS NOT NULL ORDER BY n"


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few rows with what engines read differently."""
    path = tmp_path_factory.mktemp("cases") / "cases.parquet"
    rows = """VALUES (1, 1, 'a1.b2', 1.005, TIMESTAMP '2026-01-01 10:00:00'),
        (2, 2, 'Ab', 2.675, TIMESTAMP '1999-12-31 23:59:59.999999'),
        (3, NULL, 'é1z', -0.125, TIMESTAMP '2000-01-03 00:00:00'),
        (4, 0, NULL, 0.5, NULL), (5, 1, '', 1e15, TIMESTAMP '2026-11-21 07:30:01.5'),
        (6, NULL, 'a$1\\', NULL, TIMESTAMP '1969-07-20 20:17:40'), (7, 2, 'zz9', 2.5, NULL),
        (8, 3, '日本1', 1.115, TIMESTAMP '2026-02-28 12:34:56')"""
    duckdb.sql(
        "COPY (SELECT n::BIGINT AS n, k::BIGINT AS k, s, d::DOUBLE AS d, timestamp, "
        "CASE n WHEN 1 THEN 'nan'::DOUBLE WHEN 2 THEN 'inf'::DOUBLE WHEN 3 THEN -1e300 ELSE d END "
        "AS big, "
        "DATE '2024-02-27' + n::INTEGER AS later, "
        "CASE WHEN n <> 4 THEN DATE '1969-12-31' + 5000 * n::INTEGER END AS earlier "
        f"FROM ({rows}) AS made(n, k, s, d, timestamp)) TO {literal(str(path))} (FORMAT parquet)"
    )
    return path


def test_constructs_answer_alike(spark: Any, cases: Path) -> None:
    """All in one statement an engine: a query on the cluster takes a tenth of a second."""
    from fame_sql.spark.transpile import transpile

    spark.read.parquet(str(cases)).createOrReplaceTempView("cases")
    with duckdb.connect() as own:
        own.execute(f"CREATE TABLE cases AS FROM {literal(str(cases))}")
        listed = EXPRESSIONS if is_sail(spark) else EXPRESSIONS + BUCKETS
        statements = STATEMENTS if is_sail(spark) else [*STATEMENTS, EXCLUDING]
        columns = ", ".join(f"{text} AS c{i}" for i, text in enumerate(listed))
        for text in (f"SELECT n, {columns} FROM cases ORDER BY n", *statements):
            found = [tuple(row) for row in spark.sql(transpile(text, columns=COLUMNS)).collect()]
            assert plain(found) == plain(own.execute(text).fetchall())
    if is_sail(spark):
        with pytest.raises(Exception, match="expected query"):
            spark.sql(transpile(EXCLUDING)).collect()


def test_what_fits_no_whole_number_fails_on_both_engines(spark: Any, cases: Path) -> None:
    from fame_sql.spark.transpile import transpile

    spark.read.parquet(str(cases)).createOrReplaceTempView("cases")
    with duckdb.connect() as own, pytest.raises(duckdb.ConversionException):
        own.execute(FAILING.replace("cases", literal(str(cases)))).fetchall()
    with pytest.raises(Exception, match=r"(?i)overflow|out of range|nan"):
        spark.sql(transpile(FAILING, columns=COLUMNS)).collect()


def test_long_text_ends_no_executor_and_masks_are_refused_to_java(functions: Any) -> None:
    from fame_sql.spark.transpile import transpile

    with pytest.raises(QueryError, match="overflows an executor's stack"):
        transpile(f"SELECT {default_recipe().sql('body')} AS canonical FROM logs")
    found = functions.sql("SELECT fame_canonical(repeat('1.2:3', 1600)) AS c").collect()
    assert found[0]["c"] == "<id>"


def test_command_line_says_what_is_missing() -> None:
    ran = CliRunner().invoke(main, ["score", "--engine", "spark"])
    assert ran.exit_code == 1
    assert "needs --master, --input and --output" in ran.output


def test_functions_stand_anywhere_in_a_statement(functions: Any) -> None:
    found = functions.sql(
        "SELECT fame_canonical(m) AS c, count(*) AS n, max(fame_template(m)) AS known "
        "FROM VALUES ('disk 77'), (NULL), ('disk 78'), ('x') AS t(m) "
        "WHERE fame_canonical(m) <> 'x' GROUP BY 1 HAVING max(fame_canonical(m)) > 'a'"
    ).collect()
    assert [tuple(row) for row in found] == [("disk 7#", 2, None)]


def test_canonical_text_of_real_logs(functions: Any, loghub: Path, tmp_path: Path) -> None:
    files = sorted(loghub.rglob("*.log"))
    lines = [
        line
        for file in files
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines()[:300]
    ]
    assert len(lines) > 1000
    pq.write_table(pa.table({"n": range(len(lines)), "m": lines}), tmp_path / "m.parquet")
    functions.read.parquet(str(tmp_path / "m.parquet")).createOrReplaceTempView("lines")
    own = f"SELECT {default_recipe().sql('m')} FROM {literal(tmp_path / 'm.parquet')} ORDER BY n"
    found = functions.sql("SELECT fame_canonical(m) FROM lines ORDER BY n").collect()
    assert plain(found) == plain(duckdb.sql(own).fetchall())
