-- The tables of a warehouse in a file that a lake has as well.
SELECT table_name FROM duckdb_tables()
WHERE database_name = '__fame_whole' AND schema_name = 'fame' AND NOT temporary
ORDER BY table_name;
