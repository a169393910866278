-- As for a file. DuckDB asks the catalogue of a lake for the size of each table that duckdb_tables()
-- lists; it knows their columns.
SELECT
    lower(relations.database_name) AS database_name,
    lower(relations.schema_name) AS schema_name,
    lower(relations.table_name) AS relation_name,
    any_value(views.sql) AS definition
FROM duckdb_columns() AS relations
LEFT JOIN duckdb_views() AS views
    ON
        relations.database_name = views.database_name
        AND relations.schema_name = views.schema_name
        AND relations.table_name = views.view_name
WHERE NOT relations.internal
GROUP BY ALL;
