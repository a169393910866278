"""What the transpiler refuses, and its messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from fame_sql.canonical.canonical import default_recipe
from fame_sql.errors import InputError, QueryError
from fame_sql.spark.transpile.patterns import java_replacement, pattern_fault
from fame_sql.spark.transpile.statements import MACROS, QUERIES, VIEWS, macro, macro_body, statement
from fame_sql.spark.transpile.transpile import transpile

pytestmark = pytest.mark.any_duckdb

REFUSED = [
    ("regexp_replace(body, 'a', 'b')", "add 'g'"),
    ("regexp_replace(body, 'a', 'b', 'gi')", "add 'g'"),
    ("regexp_replace(body, service_name, 'b', 'g')", "must be a literal"),
    ("regexp_replace(body, 'a.b', 'b', 'g')", "line ends"),
    ("regexp_replace(body, 'a$', 'b', 'g')", "line ends"),
    (r"regexp_replace(body, '\s+', 'b', 'g')", "escapes"),
    ("regexp_replace(body, '(ab)+', 'b', 'g')", "stack"),
    ("regexp_replace(body, '(?i)a', 'b', 'g')", "begin with (?"),
    ("regexp_replace(body, 'a*', 'b', 'g')", "no characters"),
    ("regexp_replace(body, 'a++', 'b', 'g')", "possessive"),
    ("regexp_replace(body, '[a[b]', 'c', 'g')", "union"),
    (r"regexp_replace(body, '(a)', '\10', 'g')", "digit after a group"),
    (r"regexp_replace(body, '(a)', '\1b', 'g')", "digit after a group"),
    ("regexp_replace(body, '(a)', '$1', 'g')", "dollar"),
    (r"regexp_replace(body, '(a)', '\n', 'g')", "replacement"),
    ("regexp_matches(body, 'a')", "LIKE"),
    ("regexp_extract(body, 'a')", "columns that hold"),
    (r"body LIKE 'a\%'", "no \\ in a pattern"),
    ("body LIKE service_name", "must be a literal"),
    ("body ILIKE 'a'", "use LIKE"),
    ("lower(body) = 'a'", "ASCII"),
    ("upper(body) = 'a'", "ASCII"),
    ("log_id // 2", "floor"),
    ("log_id / line_number", "nullif"),
    ("log_id / 0", "nullif"),
    ("log_id % line_number", "nullif"),
    ("score::BIGINT", "cast to BIGINT"),
    ("body::INTEGER", "cast to INT"),
    ("'2026-1-2'::TIMESTAMP", "YYYY-MM-DD"),
    ("body::TIMESTAMP", "YYYY-MM-DD"),
    ("timestamp::TIMESTAMPTZ", "TIMESTAMPTZ"),
    ("try_cast(body AS BIGINT)", "cast before"),
    ("body = 1", "cast one side"),
    ("log_id IN (1, 'a')", "cast one side"),
    ("timestamp > '2026-01-01'", "cast one side"),
    ("coalesce(body, 0)", "cast one side"),
    ("CASE WHEN is_anomaly THEN 'a' ELSE 0 END", "cast one side"),
    ("body + 1", "read as a number"),
    ("[1, 2][1]", "count from 1"),
    ("words[1:2]", "count from 1"),
    ("list(body ORDER BY log_id)", "one value"),
    ("string_agg(body, ',')", "one value"),
    ("arg_min(body, (timestamp, log_id))", "one column"),
    ("arg_min(body, log_id) FILTER (WHERE is_anomaly)", "CASE"),
    ("max(log_id, 3)", "one value"),
    ("avg(log_id)", "sum(x) / count(x)"),
    ("sum(score)", "floats"),
    ("quantile_cont(score, 0.5)", "DuckDB"),
    ("log_id * 1.5", "decimal"),
    ("log_id = 9007199254740992.0", "decimal"),
    ("0.1 * log_id / 3", "decimal"),
    ("(0.1 + 0.2) / 3", "decimal"),
    ("nothing > 0.5", "columns="),
    ("score < 1e400", "no DOUBLE can hold"),
    ("score < 0.1234567890123456", "15 digits"),
    ("9223372036854775808 + log_id", "another type"),
    ("nothing + 1", "columns="),
    ("later - earlier", "columns="),
    ("nothing / 3", "columns="),
    ("timestamp - timestamp", "subtract a DATE"),
    ("day + 1", "subtract a DATE"),
    ("real + 1", "REAL is computed differently"),
    ("money / 3", "DECIMAL(10, 2) is computed differently"),
    ("zoned::DATE", "store it as TIMESTAMP"),
    ("if(is_anomaly, 1, 'a')", "cast one side"),
    ("lag(body, 1, 0) OVER (ORDER BY log_id)", "cast one side"),
    ("lag(body, log_id) OVER (ORDER BY log_id)", "literal"),
    ("log_id IN (SELECT event_id FROM events)", "EXISTS"),
    ("round(log_id, 2)", "only a DOUBLE"),
    ("round(score, 16)", "no more than 15"),
    ("floor(log_id)::BIGINT", "only a DOUBLE"),
    ("log_id::HUGEINT", "cast to"),
    ("time_bucket(INTERVAL 1 HOUR, day)", "cast it to TIMESTAMP"),
    ("time_bucket(INTERVAL 1.5 HOUR, timestamp)", "literal number"),
    ("time_bucket(INTERVAL 1 HOUR, timestamp, INTERVAL 1 MINUTE)", "no offset"),
    ("time_bucket(INTERVAL 1 HOUR, timestamp, timestamp)", "no offset"),
    ("regexp_replace(body, 'a{2,1}', 'b', 'g')", "cannot be read"),
    ("regexp_replace(body, 'a{,2}', 'b', 'g')", "brace"),
    ("round(score, log_id)", "literal"),
    ("substring(body, -3, 2)", "above 0"),
    ("substring(body, 0, 2)", "above 0"),
    ("left(body, -3)", "above 0"),
    ("row_number() OVER (PARTITION BY body)", "ORDER BY"),
    ("time_bucket(INTERVAL 1 MONTH, timestamp)", "weeks, days"),
    ("timestamp + INTERVAL 1 DAY", "time_bucket alone"),
    ("date_trunc('day', timestamp)", "time_bucket"),
    ("now()", "parameter"),
    ("hash(body)", "not known"),
    ("body || 'a'", "outside"),
    ("{'a': 1}", "name the columns"),
    ("strftime(timestamp, '%Y')", "not known"),
    ("body COLLATE NOCASE", "not known"),
    ("count(DISTINCT (body, log_id))", "not known|one column|counts NULL"),
]

COLUMNS = {"real": "FLOAT", "money": "DECIMAL(10, 2)", "zoned": "TIMESTAMPTZ"}

REFUSED_STATEMENTS = [
    ("SELECT log_id FROM logs UNION SELECT body FROM logs", "cast one side"),
    ("SELECT log_id FROM logs UNION ALL SELECT 1 UNION ALL SELECT 'a'", "cast one side"),
    ("SELECT body FROM logs WHERE log_id IN (SELECT 1) OR NOT log_id IN (SELECT 2)", "EXISTS"),
    ("SELECT body FROM logs WHERE (log_id IN (SELECT 1)) IS NULL", "EXISTS"),
    ("SELECT count(*) FILTER (WHERE log_id NOT IN (SELECT 1)) AS a FROM logs", "EXISTS"),
    ("SELECT body FROM logs WHERE log_id IN (SELECT body FROM logs)", "cast one side"),
    ("SELECT sum(log_id) AS a FROM (SELECT score AS log_id FROM scores)", "floats"),
    ("WITH c(log_id) AS (SELECT score FROM scores) SELECT sum(log_id) AS a FROM c", "floats"),
    ("SELECT sum(n) AS a FROM (SELECT coalesce(n, 0) AS n FROM mine)", "floats"),
    ("SELECT body FROM logs LIMIT 3", "ORDER BY"),
    ("SELECT body FROM logs ORDER BY ALL", "name the columns"),
    ("SELECT DISTINCT ON (body) log_id FROM logs", "DISTINCT ON"),
    ("SELECT * REPLACE (1 AS body) FROM logs", "name the columns"),
    ("SELECT * FROM logs USING SAMPLE 5", "sample"),
    ("SELECT * FROM a ASOF JOIN b ON a.t >= b.t", "ASOF"),
    ("SELECT a FROM b UNION ALL BY NAME SELECT a FROM c", "by position"),
    ("WITH RECURSIVE c AS (SELECT 1 AS a) SELECT a FROM c", "RECURSIVE"),
    ("INSERT INTO fame.logs SELECT * FROM logs", "only DuckDB writes"),
    ("CREATE TABLE a AS SELECT 1 AS b", "only views"),
    ("DELETE FROM fame.logs", "only DuckDB writes"),
    ("SELECT unnest([1, 2]) AS a", "table of their elements|lists"),
    ("SELECT 1 AS a; SELECT 2 AS b", "2 statements"),
    ("SELECT FROM WHERE", "cannot be read"),
]


@pytest.mark.parametrize(("expression", "expected"), REFUSED)
def test_refuses_what_spark_would_answer_differently(expression: str, expected: str) -> None:
    with pytest.raises(QueryError) as refused:
        transpile(f"SELECT\n    {expression} AS a\nFROM logs", "mine", columns=COLUMNS)
    message = str(refused.value)
    assert any(part in message for part in expected.split("|")), message
    assert message.startswith("mine, line 2: ")
    assert "\n" not in message


@pytest.mark.parametrize(("text", "expected"), REFUSED_STATEMENTS)
def test_refuses_statements(text: str, expected: str) -> None:
    with pytest.raises(QueryError) as refused:
        transpile(text)
    assert any(part in str(refused.value) for part in expected.split("|")), str(refused.value)


def test_default_masks_are_not_given_to_java() -> None:
    with pytest.raises(QueryError, match=r"repeated group.*fame_canonical"):
        transpile(f"SELECT {default_recipe().sql('body')} AS canonical FROM fame.logs")


@pytest.mark.parametrize(
    ("replacement", "in_java"), [(r"\1##", "$1##"), (r"\2-\1", "$2-$1"), ("<id>", "<id>")]
)
def test_replacements_become_javas(replacement: str, in_java: str) -> None:
    assert java_replacement(replacement) == in_java


@pytest.mark.parametrize("pattern", ["[^a]b", "a|bc", "[0-9]+", "^(a)[.:]?", r"\[x\]", "[a.$]"])
def test_plain_patterns_pass(pattern: str) -> None:
    assert pattern_fault(pattern) is None


@pytest.mark.parametrize("name", [*VIEWS, *QUERIES])
def test_statements_of_the_warehouse_pass(name: str) -> None:
    assert "fame." not in statement(name)


def test_macros_take_their_arguments_by_name() -> None:
    assert "3600000000" in macro("template_counts", {"bucket": "INTERVAL 1 HOUR"})
    with pytest.raises(InputError, match="takes bucket, not none"):
        macro("template_counts")
    with pytest.raises(InputError, match=f"there are {MACROS[0]}"):
        macro_body("nothing", {})


def test_page_names_every_statement() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "spark.md").read_text()
    views = [name.partition("_")[2] for name in VIEWS]
    assert [name for name in (*views, *QUERIES, *MACROS) if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    "name", ["domains/grouping", "training/inputs", "evaluation/labelled_lines", "scoring/add"]
)
def test_statements_that_the_page_leaves_out_are_refused(name: str) -> None:
    with pytest.raises(QueryError, match=name):
        statement(name)


def test_values_of_templates_are_refused() -> None:
    with pytest.raises(QueryError, match="template_values"):
        macro("template_values", {"wanted_template_id": "'a'"})
