-- The user's own views that call a live function, which a program without Python cannot read.
SELECT schema_name || '.' || view_name
FROM duckdb_views()
WHERE
    database_name = current_database()
    AND NOT internal
    AND schema_name <> 'fame'
    AND regexp_matches(sql, '(^|[^\w.])fame_[a-z_]+\(')
ORDER BY ALL;
