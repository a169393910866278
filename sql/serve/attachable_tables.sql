-- What a client of Quack reads of the tables when it attaches. DuckDB 1.5's client cannot attach a
-- database in which a default calls a function ('Catalog "remote" does not exist'), so such tables
-- are shown by their columns alone. A macro in main is found before DuckDB's own function. It is
-- there while the server runs, and does no harm if it stays after a kill.
CREATE OR REPLACE MACRO main.duckdb_tables() AS TABLE
SELECT tables.* REPLACE (coalesce(plain.sql, tables.sql) AS sql)
FROM system.main.duckdb_tables() AS tables
LEFT JOIN (
    SELECT
        database_oid,
        table_oid,
        format(
            'CREATE TABLE "{}"."{}"({});',
            replace(any_value(schema_name), '"', '""'),
            replace(any_value(table_name), '"', '""'),
            string_agg(
                format('"{}" {}', replace(column_name, '"', '""'), data_type), ', '
                ORDER BY column_index
            )
        ) AS sql
    FROM system.main.duckdb_columns()
    GROUP BY database_oid, table_oid
    HAVING count(column_default) > 0
) AS plain ON tables.database_oid = plain.database_oid AND tables.table_oid = plain.table_oid;
