-- Other names of DuckDB's own functions.
SELECT DISTINCT
    lower(function_name) AS function_name,
    lower(alias_of) AS alias_of
FROM duckdb_functions()
WHERE internal AND alias_of IS NOT NULL;
