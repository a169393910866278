-- The lines to count: of touched half minutes all, or where some have left the file the new ones.
CREATE OR REPLACE TEMP TABLE counted_lines AS
SELECT
    touched.bucket,
    coalesce(logs.service_name, '') AS service_name,
    counted.template_id,
    logs.timestamp
FROM fame.$logs AS logs
INNER JOIN touched_buckets AS touched
    ON time_bucket(INTERVAL 30 SECONDS, logs.timestamp) = touched.bucket
INNER JOIN fame.counted_events AS counted ON logs.event_id = counted.event_id
WHERE
    logs.timestamp >= (SELECT min(bucket) FROM touched_buckets)
    AND (logs.log_id > $after OR NOT touched.is_past);
