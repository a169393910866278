-- The names of DuckDB's own functions.
SELECT DISTINCT lower(function_name) FROM duckdb_functions();
