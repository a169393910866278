-- A function without its schema is looked for in the lake first, which asks the catalogue.
SELECT type = 'ducklake'
FROM system.main.duckdb_databases()
WHERE database_name = system.main.current_database();
