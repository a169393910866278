-- Whether a lake is a warehouse. To list its tables, DuckDB asks the catalogue for each.
SELECT count(*) > 0 FROM duckdb_schemas()
WHERE database_name = current_database() AND schema_name = 'fame';
