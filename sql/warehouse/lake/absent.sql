-- Files of a table's newest snapshot that are not there.
SELECT data_file FROM ducklake_list_files('$lake', '$table', schema => 'fame')
WHERE data_file NOT IN (SELECT file FROM glob([$places]))
UNION ALL
SELECT delete_file FROM ducklake_list_files('$lake', '$table', schema => 'fame')
WHERE delete_file NOT IN (SELECT file FROM glob([$places]));
