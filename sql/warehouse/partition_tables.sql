-- The tables in which fame-sql keeps where partitions lie, if they are tables: a view of that name
-- in a file from somebody else would run when it is read.
SELECT table_name
FROM duckdb_tables()
WHERE
    database_name = current_database()
    AND schema_name = 'fame'
    AND table_name IN ('settings', 'partitions');
