-- Tables and views by where they lie; the definition of a view, NULL for a table.
SELECT
    lower(database_name) AS database_name,
    lower(schema_name) AS schema_name,
    lower(table_name) AS relation_name,
    NULL AS definition
FROM duckdb_tables()
UNION ALL
SELECT
    lower(database_name) AS database_name,
    lower(schema_name) AS schema_name,
    lower(view_name) AS relation_name,
    sql AS definition
FROM duckdb_views()
WHERE NOT internal;
