-- Tables that the user has made in the schema main: no view takes their names.
SELECT table_name FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = 'main';
