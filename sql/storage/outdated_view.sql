-- The view of the partitions, if an older version defined it without severity numbers.
SELECT view_name
FROM duckdb_views()
WHERE
    database_name = current_database()
    AND schema_name = 'fame'
    AND view_name = 'all_logs'
    AND contains(sql, 'read_parquet')
    AND NOT contains(lower(sql), 'coalesce(severity_number');
