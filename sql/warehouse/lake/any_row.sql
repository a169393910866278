-- For each table of the current warehouse its columns, and the values of a row that it can hold.
SELECT
    table_name,
    string_agg('"' || column_name || '"', ', ' ORDER BY column_index) AS names,
    string_agg(
        CASE
            WHEN is_nullable THEN 'NULL'
            WHEN ends_with(data_type, '[]') THEN '[]'
            WHEN data_type IN ('DATE', 'TIMESTAMP') THEN '''epoch'''
            WHEN data_type = 'JSON' THEN '''null'''
            WHEN data_type IN ('BLOB', 'VARCHAR') THEN ''''''
            ELSE '0'
        END || '::' || data_type,
        ', ' ORDER BY column_index
    ) AS row_values
FROM duckdb_columns()
INNER JOIN duckdb_tables() USING (database_name, schema_name, table_name)
WHERE database_name = current_database() AND schema_name = 'fame'
GROUP BY table_name
ORDER BY table_name;
