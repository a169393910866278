-- Functions that answer differently each time. A user's macro may hide one, or a live function.
SELECT DISTINCT lower(function_name) AS function_name
FROM duckdb_functions()
WHERE
    function_name NOT LIKE 'fame\_%' ESCAPE '\'
    AND (
        stability = 'VOLATILE'
        OR (function_type IN ('macro', 'table_macro') AND NOT internal AND schema_name <> 'fame')
    );
