-- The path of a connection's database file, if it is a warehouse.
SELECT databases.path
FROM duckdb_databases() AS databases
INNER JOIN duckdb_tables() AS tables ON databases.database_name = tables.database_name
WHERE
    databases.database_name = current_database()
    AND tables.schema_name = 'fame'
    AND tables.table_name = 'models';
