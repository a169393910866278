-- What fame-sql has made, with the comments that it carries. In main, only views of fame's own.
WITH columns AS (
    SELECT
        schema_name,
        table_name,
        list({name: column_name, comment: comment} ORDER BY column_index) AS columns
    FROM duckdb_columns()
    WHERE database_name = current_database() AND schema_name IN ('fame', 'main')
    GROUP BY schema_name, table_name
),
relations AS (
    SELECT
        'TABLE' AS kind,
        schema_name,
        table_name AS name,
        comment
    FROM duckdb_tables()
    WHERE database_name = current_database() AND schema_name = 'fame'
    UNION ALL
    SELECT
        'VIEW',
        schema_name,
        view_name,
        comment
    FROM duckdb_views()
    WHERE
        database_name = current_database()
        AND (
            schema_name = 'fame'
            OR (schema_name = 'main' AND contains(sql, 'FROM fame.' || view_name))
        )
)
SELECT
    relations.kind,
    relations.schema_name,
    relations.name,
    columns.columns,
    relations.comment
FROM relations
INNER JOIN columns
    ON relations.schema_name = columns.schema_name AND relations.name = columns.table_name
UNION ALL
SELECT DISTINCT
    CASE function_type WHEN 'table_macro' THEN 'MACRO TABLE' ELSE 'MACRO' END,
    schema_name,
    function_name,
    NULL,
    comment
FROM duckdb_functions()
WHERE database_name = current_database() AND schema_name IN ('fame', 'fame_stored');
