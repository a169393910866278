-- The most files that a table has of which every load adds one.
SELECT coalesce(max(file_count), 0) FROM ducklake_table_info('$lake')
WHERE table_name IN ('logs', 'event_rows');
