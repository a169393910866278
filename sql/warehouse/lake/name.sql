-- What DuckDB calls the current database, if it is a lake.
SELECT database_name FROM duckdb_databases()
WHERE database_name = current_database() AND type = 'ducklake';
