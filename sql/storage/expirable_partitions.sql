-- Partition files whose whole day is before the cutoff.
SELECT
    partition_id,
    path,
    lines,
    bytes
FROM fame.partitions
WHERE state = 'stored' AND day + 1 <= $before
ORDER BY partition_id;
