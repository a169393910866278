-- The tables of the warehouse, and about how many rows each has.
SELECT
    format('"{}"."{}"', schema_name, table_name) AS name,
    greatest(coalesce(estimated_size, 0), 1) AS estimated_rows
FROM duckdb_tables()
WHERE database_name = current_database() AND NOT temporary
ORDER BY name;
