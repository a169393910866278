-- Only the message can have a collation, its own or the default one: the other column is a number.
SELECT count(*)
FROM duckdb_tables()
WHERE
    temporary
    AND table_name = '__fame_wanted'
    AND (contains(sql, ' COLLATE ') OR current_setting('default_collation') <> '');
