-- Functions that answer differently each time, and the user's macros, which may hide one. Those of
-- fame_stored have the live functions' names, and hide them only on the search path. On DuckDB 1,
-- fame_canonical is a temporary macro of the connection.
SELECT
    lower(function_name) AS function_name,
    string_agg(macro_definition, ' ') AS macro_definition,
    count(*) = 1 AS is_one,
    bool_or(function_type = 'table_macro') AS is_table,
    any_value(parameters) AS parameters
FROM duckdb_functions()
WHERE
    (function_name NOT LIKE 'fame\_%' ESCAPE '\' AND stability = 'VOLATILE')
    OR (
        function_type IN ('macro', 'table_macro')
        AND NOT internal
        AND NOT (database_name = 'temp' AND function_name = 'fame_canonical')
        AND schema_name <> 'fame'
        AND (
            schema_name <> 'fame_stored'
            OR contains(lower(current_setting('search_path')), 'fame_stored')
        )
    )
GROUP BY lower(function_name);
