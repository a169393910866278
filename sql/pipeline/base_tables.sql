SELECT format('"{}"."{}"', schema_name, table_name) AS name
FROM duckdb_tables()
WHERE database_name = current_database() AND NOT temporary
ORDER BY name;
