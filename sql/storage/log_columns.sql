-- The columns of fame.logs, in order.
SELECT column_name FROM duckdb_columns()
WHERE
    database_name = current_database()
    AND schema_name = 'fame'
    AND table_name = 'logs'
ORDER BY column_index;
