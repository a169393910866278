-- Whether the warehouse has the view of count anomalies.
SELECT count(*) > 0
FROM duckdb_views()
WHERE database_name = current_database()
    AND schema_name = 'main'
    AND view_name = 'count_anomalies';
