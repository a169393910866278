-- Write files again without the rows that were deleted from them.
SELECT count(*) FROM ducklake_rewrite_data_files('$lake', delete_threshold => 0.0);
