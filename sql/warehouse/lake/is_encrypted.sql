-- Whether the Parquet files of the current lake are encrypted.
SELECT value = 'true' FROM ducklake_options(current_database())
WHERE option_name = 'encrypted';
