-- Write as Parquet what small loads have left in the catalogue, where Spark does not look.
CALL ducklake_flush_inlined_data('$lake', schema_name => 'fame', table_name => '$table');
