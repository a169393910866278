-- The current lake, its catalogue as it was attached, and how many connections its database has.
SELECT
    databases.database_name,
    databases.path,
    connections.count AS users
FROM duckdb_databases() AS databases
CROSS JOIN duckdb_connection_count() AS connections
WHERE databases.database_name = current_database() AND databases.type = 'ducklake';
