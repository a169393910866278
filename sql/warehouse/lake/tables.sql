-- The tables of a lake that have files.
SELECT table_name FROM ducklake_table_info('$lake')
WHERE file_count > 0
ORDER BY table_name;
