-- Whether the database is a warehouse.
SELECT count(*) > 0 FROM duckdb_tables()
WHERE
    database_name = current_database()
    AND schema_name = 'fame'
    AND table_name = 'schema_versions';
