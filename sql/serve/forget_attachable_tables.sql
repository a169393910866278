DROP MACRO TABLE IF EXISTS main.duckdb_tables;
