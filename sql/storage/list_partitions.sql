SELECT
    day,
    count(*) AS files,
    sum(lines)::BIGINT AS lines,
    sum(bytes)::BIGINT AS bytes,
    count(DISTINCT source_path) AS sources
FROM fame.partitions
WHERE state = 'stored'
GROUP BY day
ORDER BY day;
