-- The Parquet files of a table's newest snapshot, each with the file of the rows deleted from it.
SELECT
    data_file,
    delete_file,
    data_file_encryption_key IS NOT NULL AS is_encrypted
FROM ducklake_list_files('$lake', '$table', schema => 'fame')
ORDER BY data_file;
