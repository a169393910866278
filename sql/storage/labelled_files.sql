-- Partition files that hold a labelled line.
SELECT DISTINCT lines.filename
FROM read_parquet($files, filename = true) AS lines
SEMI JOIN fame.labels AS labels ON lines.log_id = labels.log_id;
