-- The files of the newest snapshot, and their bytes.
SELECT
    coalesce(sum(file_count), 0)::BIGINT AS files,
    coalesce(sum(file_size_bytes), 0)::BIGINT AS bytes
FROM ducklake_table_info('$lake');
