SELECT DISTINCT
    source_path,
    source_rows,
    source_bytes
FROM fame.partitions
WHERE source_rows IS NOT NULL;
