-- All half minutes of which every line can be read, to be counted again.
CREATE OR REPLACE TEMP TABLE touched_buckets AS
SELECT
    time_bucket(INTERVAL 30 SECONDS, timestamp) AS bucket,
    false AS is_past
FROM fame.all_logs
WHERE
    timestamp IS NOT NULL
    AND event_id IS NOT NULL
    AND (
        timestamp::DATE NOT IN (SELECT day FROM fame.past_lines)
        OR timestamp::DATE IN (SELECT day FROM fame.partitions WHERE state = 'stored')
    )
GROUP BY ALL;
