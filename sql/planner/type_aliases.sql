-- Other names of DuckDB's own types; JSON is stored as text, and is another type all the same.
SELECT DISTINCT
    lower(type_name) AS type_name,
    logical_type
FROM duckdb_types()
WHERE internal AND type_name <> 'JSON';
