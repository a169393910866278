SELECT DISTINCT lower(function_name)
FROM duckdb_functions()
WHERE function_type = 'table_macro' AND database_name = current_database() AND NOT internal;
