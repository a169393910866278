-- The catalogue of the current lake, as it was attached.
SELECT path FROM duckdb_databases()
WHERE database_name = current_database() AND type = 'ducklake';
