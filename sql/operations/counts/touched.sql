-- Half minutes with lines that are not counted yet. Where the day has lines that have left the file,
-- these are not counted again: the new ones are added.
CREATE OR REPLACE TEMP TABLE touched_buckets AS
SELECT
    time_bucket(INTERVAL 30 SECONDS, timestamp) AS bucket,
    timestamp::DATE IN (SELECT day FROM fame.past_lines) AS is_past
FROM fame.logs
WHERE log_id > $after AND timestamp IS NOT NULL AND event_id IS NOT NULL
GROUP BY ALL;
