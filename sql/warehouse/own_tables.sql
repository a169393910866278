-- The user's own tables in the schema main; no view may take their names.
SELECT table_name FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = 'main';
