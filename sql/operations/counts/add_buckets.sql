INSERT INTO fame.count_buckets
SELECT
    bucket,
    min(timestamp) AS first_time,
    max(timestamp) AS last_time,
    count(*) AS lines
FROM counted_lines
GROUP BY bucket
ORDER BY bucket;
