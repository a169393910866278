-- The file of the current database, NULL in memory.
SELECT path FROM duckdb_databases() WHERE database_name = current_database();
