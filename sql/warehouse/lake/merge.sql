-- Write neighbouring small files as one. Loads can go on meanwhile.
SELECT coalesce(sum(files_processed - files_created), 0)::BIGINT
FROM ducklake_merge_adjacent_files('$lake');
