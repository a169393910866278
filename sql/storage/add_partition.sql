INSERT INTO fame.partitions
VALUES (
    $partition_id, $day, $path, $source_path, $source_rows, $source_bytes, $lines, $bytes,
    'stored', $written_at
);
