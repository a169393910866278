-- Only the message can have a collation: the other column is a number.
SELECT count(*)
FROM duckdb_tables()
WHERE temporary AND table_name = '__fame_wanted' AND contains(sql, ' COLLATE ');
