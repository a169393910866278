-- Partition files with labelled lines.
SELECT DISTINCT lines.filename
FROM read_parquet($files, filename = true) AS lines
SEMI JOIN fame.labels AS labels ON lines.log_id = labels.log_id;
