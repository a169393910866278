-- All half minutes of which every line can be read, to be counted again, and those that had lines.
CREATE OR REPLACE TEMP TABLE touched_buckets AS
WITH buckets AS (
    SELECT time_bucket(INTERVAL 30 SECONDS, timestamp) AS bucket
    FROM fame.all_logs
    WHERE timestamp IS NOT NULL AND event_id IS NOT NULL
    UNION
    SELECT bucket FROM fame.count_buckets
)
SELECT bucket, false AS is_past
FROM buckets
WHERE
    bucket::DATE NOT IN (SELECT day FROM fame.past_lines)
    OR bucket::DATE IN (SELECT day FROM fame.partitions WHERE state = 'stored');
