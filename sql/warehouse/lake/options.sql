-- Where the files of the current lake are, and whether they are encrypted.
SELECT option_name, value FROM ducklake_options(current_database())
WHERE option_name IN ('data_path', 'encrypted');
