-- Whether the catalogue of the current lake is in PostgreSQL.
SELECT starts_with(path, 'postgres:') FROM duckdb_databases()
WHERE database_name = current_database();
