"""Which statements a reader and a writer may run: hostile ones as data."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from fame_sql.serve.sql.statements import Statements
from fame_sql.serve.tokens import Role

READ = [
    "SELECT 1",
    "select count(*) from logs;",
    "FROM logs",
    "TABLE logs",
    "VALUES (1), (2)",
    "/* ; DROP TABLE logs */ SELECT 1 -- ; DROP TABLE logs",
    "SELECT '; DROP TABLE logs'",
    "WITH a AS (SELECT 1 AS x) SELECT * FROM a UNION ALL SELECT 2",
    "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM a WHERE x < 9) FROM a",
    "SELECT fame_score(body), fame.score(body) FROM logs WHERE body LIKE '%fail%'",
    "SELECT * FROM own_macro('a')",
    "SELECT * FROM range(3), unnest([1, 2])",
    "DESCRIBE logs",
    "SHOW ALL TABLES",
    "SUMMARIZE logs",
    "SELECT * FROM duckdb_tables()",
    "EXPLAIN SELECT 1",
    " explain analyze select count(*) from logs",
    "EXPLAIN (FORMAT json) (SELECT 1)",
    "PIVOT logs ON host_name IN ('a', 'b') USING count(*) GROUP BY service_name",
    "\ufeffSELECT 'naïve 日本語'",
]

NOT_READ = [
    "",
    "-- nothing",
    "SELECT 1; DROP TABLE fame.logs",
    "SELECT 1;;DELETE FROM fame.logs",
    "SELECT 1\x00; DROP TABLE fame.logs",
    "SELECT 1 /* */;\u00a0DROP TABLE fame.logs",
    "; INSERT INTO fame.logs VALUES (1); SELECT 1",
    "DROP TABLE fame.logs",
    "dRoP/**/TaBlE fame.logs",
    "INSERT INTO fame.labels SELECT * FROM fame.labels",
    "UPDATE fame.logs SET body = ''",
    "DELETE FROM fame.logs",
    "TRUNCATE fame.logs",
    "CREATE TABLE x AS SELECT 1",
    "CREATE TEMP TABLE x AS SELECT 1",
    "CREATE MACRO fame_score(a) AS 0",
    "ALTER TABLE fame.logs ADD COLUMN x INT",
    "WITH a AS (INSERT INTO fame.labels SELECT * FROM fame.labels RETURNING *) SELECT * FROM a",
    "WITH a AS (DELETE FROM fame.logs RETURNING *) SELECT 1",
    "WITH a AS (UPDATE fame.logs SET body = '' RETURNING 1) FROM a",
    "COPY fame.logs TO '/tmp/logs.csv'",
    "COPY (SELECT 1) TO 'x.parquet' (FORMAT parquet)",
    "EXPORT DATABASE '/tmp/x'",
    "ATTACH '/tmp/other.duckdb' AS other",
    "DETACH demo",
    "USE memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '100GB'",
    "SET GLOBAL quack_authorization_function = 'x'",
    "RESET memory_limit",
    "PRAGMA database_size",
    "PRAGMA enable_verification",
    "CALL quack_stop('quack:localhost')",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "EXPLAIN ANALYZE DELETE FROM fame.logs",
    "EXPLAIN ANALYZE SELECT 1; DROP TABLE fame.logs",
    "EXPLAIN ANALYZE WITH a AS (DELETE FROM fame.logs RETURNING *) SELECT 1",
    "EXPLAIN ANALYZE SELECT * FROM quack_stop('quack:localhost')",
    "EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1",
    "EXPLAIN /* a */ ANALYZE SELECT * FROM read_text('/etc/passwd')",
    "PIVOT logs ON host_name USING count(*)",
    "PIVOT read_text('/etc/passwd') ON filename IN ('a') USING count(*)",
    "PREPARE a AS DELETE FROM fame.logs",
    "EXECUTE a",
    "CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM READ_TEXT('/etc/passwd')",
    "SELECT * FROM \"read_text\"('/etc/passwd')",
    "SELECT * FROM system.main.read_blob('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "SELECT * FROM logs, LATERAL (SELECT * FROM glob('/*'))",
    "SELECT * FROM query('DROP TABLE fame.logs')",
    "SELECT * FROM query_table('logs')",
    "SELECT * FROM json_execute_serialized_sql('{}')",
    "SELECT * FROM postgres_query('__ducklake_metadata_lake', 'SELECT 1')",
    "SELECT * FROM __ducklake_metadata_lake.public.ducklake_data_file",
    'SELECT (SELECT 1 FROM "__DUCKLAKE_metadata_lake".ducklake_data_file)',
    "SELECT * FROM lake.expire_snapshots()",
    "SELECT * FROM quack_stop('quack:localhost')",
    "FROM quack_serve('quack:0.0.0.0:1', allow_other_hostname = true)",
    "FROM quack_query('quack:localhost', 'SELECT 1')",
    "FROM quack_active_connections()",
    "SELECT fame_quack_run('a', 'b')",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_settings()",
    "SELECT current_setting('s3_secret_access_key')",
    "SELECT nextval('x')",
    "SELECT * FROM enable_logging()",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    "SELECT '" + "x" * 1_000_001 + "'",
    "no sql at all",
]

WRITTEN = [
    "INSERT INTO fame.lexicon VALUES ('a', 1)",
    "UPDATE fame.lexicon SET polarity = 1; DELETE FROM fame.lexicon",
    "CREATE TABLE x AS SELECT 1",
    "DROP TABLE x",
    "BEGIN",
    "COMMIT",
    "UPDATE fame.labels SET rationale = 'the query of postgres was slow'",
    "CREATE OR REPLACE TABLE secret AS SELECT 'create secret' AS secret",
]

NOT_WRITTEN = [
    "COPY fame.logs TO '/tmp/logs.csv'",
    "ATTACH '/tmp/other.duckdb' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET GLOBAL quack_authorization_function = 'x'",
    "SELECT 1; SET enable_external_access = true",
    "CALL quack_stop('quack:localhost')",
    "INSERT INTO x SELECT * FROM quack_active_connections()",
    'INSERT INTO x SELECT * FROM "QUACK_stop"(1)',
    "EXPORT DATABASE '/tmp/x'",
    "IMPORT DATABASE '/tmp/x'",
    "SELECT * FROM postgres_query('__ducklake_metadata_lake', 'DROP TABLE a')",
    "CREATE VIEW fame.x AS FROM postgres_scan('host=elsewhere', 'public', 'secrets')",
    "DELETE FROM __ducklake_metadata_lake.public.ducklake_snapshot",
    "SELECT * FROM ducklake_expire_snapshots('lake', older_than => now())",
    "SELECT * FROM lake.cleanup_old_files(cleanup_all => true)",
    "CALL lake.set_option('expire_older_than', '1s')",
    "FROM query('FROM post' || 'gres_query(''a'', ''DROP TABLE b'')')",
    "INSERT INTO x FROM \"query\" /* a */ -- b\n (lower('FROM QUACK_STOP(1)'))",
    "FROM query_table('__duck' || 'lake_metadata_lake.ducklake_snapshot')",
    "FROM json_execute_serialized_sql(replace('{x}', 'x', 'y'))",
    "CREATE SECRET a (TYPE s3, ENDPOINT 'elsewhere', SCOPE 's3://logs/')",
    "SELECT 'ä'; /* ö */ create/**/OR REPLACE -- x\n PERSISTENT SECRET a (TYPE s3)",
    "DROP TEMPORARY SECRET IF EXISTS fame_bucket",
]


@pytest.fixture(scope="module")
def statements() -> Iterator[Statements]:
    made = Statements(lambda: {"own_macro"})
    yield made
    made.close()


@pytest.mark.parametrize("statement", READ)
def test_a_reader_runs_one_select(statements: Statements, statement: str) -> None:
    assert statements.refusal(statement, Role.READER) is None
    assert statements.refusal(statement, Role.WRITER) is None


@pytest.mark.parametrize("statement", NOT_READ, ids=lambda text: text[:60])
def test_a_reader_runs_nothing_else(statements: Statements, statement: str) -> None:
    reason = statements.refusal(statement, Role.READER)
    assert reason
    assert "\n" not in reason


@pytest.mark.parametrize("statement", WRITTEN)
def test_a_writer_changes_tables(statements: Statements, statement: str) -> None:
    assert statements.refusal(statement, Role.WRITER) is None
    assert statements.refusal(statement, Role.READER)


@pytest.mark.parametrize("statement", NOT_WRITTEN)
def test_a_writer_changes_no_settings_and_opens_no_files(
    statements: Statements, statement: str
) -> None:
    assert statements.refusal(statement, Role.WRITER)


def test_a_token_for_logs_asks_nothing(statements: Statements) -> None:
    assert statements.refusal("SELECT 1", Role.INGEST)


def test_every_table_function_of_duckdb_is_known_or_refused(statements: Statements) -> None:
    listed = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'table'"
    names = [name for (name,) in duckdb.connect().execute(listed).fetchall()]
    allowed = [n for n in names if not statements.refusal(f'FROM "{n}"(1)', Role.READER)]
    assert "duckdb_tables" in allowed
    acting = ("read", "scan", "glob", "sniff", "parquet", "log", "secret", "resource", "query")
    assert [name for name in allowed if any(word in name for word in acting)] == []
