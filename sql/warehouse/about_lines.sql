-- About how many lines the warehouse holds in its file.
SELECT max(estimated_size) AS lines
FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = 'fame' AND table_name = 'logs';
