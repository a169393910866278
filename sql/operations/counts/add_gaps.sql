-- Gaps between a line and the next one of its trace, at most a minute later, in touched half minutes
-- and in those before them, whose last lines can have another next line now.
CREATE OR REPLACE TEMP TABLE gap_buckets AS
SELECT DISTINCT touched.bucket - to_seconds(30 * before.steps) AS bucket
FROM touched_buckets AS touched
CROSS JOIN range(3) AS before(steps)
WHERE NOT touched.is_past;

DELETE FROM fame.gap_counts WHERE bucket IN (SELECT bucket FROM gap_buckets);

INSERT INTO fame.gap_counts
WITH nearby AS (
    SELECT DISTINCT gap_buckets.bucket + to_seconds(30 * later.steps) AS bucket
    FROM gap_buckets
    CROSS JOIN range(3) AS later(steps)
),
lines AS (
    SELECT
        nearby.bucket,
        coalesce(logs.service_name, '') AS service_name,
        counted.template_id,
        logs.timestamp,
        lead(logs.timestamp) OVER same AS next_timestamp,
        lead(counted.template_id) OVER same AS next_template_id
    FROM fame.$logs AS logs
    INNER JOIN nearby ON time_bucket(INTERVAL 30 SECONDS, logs.timestamp) = nearby.bucket
    INNER JOIN fame.counted_events AS counted ON logs.event_id = counted.event_id
    WHERE logs.timestamp >= (SELECT min(bucket) FROM nearby) AND logs.trace_id <> ''
    WINDOW same AS (PARTITION BY logs.trace_id ORDER BY logs.timestamp, logs.log_id)
)
SELECT
    service_name,
    template_id,
    next_template_id,
    bucket,
    floor(4 * log2(greatest(epoch_us(next_timestamp) - epoch_us(timestamp), 1)))::UTINYINT AS width,
    count(*) AS gaps
FROM lines
WHERE
    bucket IN (SELECT bucket FROM gap_buckets)
    AND next_timestamp <= timestamp + INTERVAL 1 MINUTE
GROUP BY ALL
ORDER BY bucket, service_name, template_id, next_template_id, width;
