-- The half minutes with lines, by session: more than 25 seconds without a line of any service begin
-- another one. Sessions are compared in parts of five minutes. A block is what is compared with the same past:
-- an hour, and in the first three hours of the log a part.
CREATE OR REPLACE VIEW fame.count_sessions AS
WITH counted AS (
    SELECT
        bucket,
        min(first_time) AS first_time,
        max(last_time) AS last_time,
        sum(lines)::BIGINT AS lines
    FROM fame.count_buckets
    GROUP BY bucket
),
cut AS (
    SELECT
        *,
        coalesce(first_time - lag(last_time) OVER (ORDER BY bucket) > INTERVAL 25 SECONDS, true) AS begins
    FROM counted
),
numbered AS (
    SELECT *, sum(begins::INTEGER) OVER (ORDER BY bucket ROWS UNBOUNDED PRECEDING) AS session
    FROM cut
),
started AS (
    SELECT *, min(bucket) OVER (PARTITION BY session) AS session_start
    FROM numbered
),
parted AS (
    SELECT
        *,
        time_bucket(INTERVAL 5 MINUTES, bucket, session_start) AS part_start,
        min(bucket) OVER () AS first_bucket
    FROM started
)
SELECT
    bucket,
    session_start,
    CASE
        WHEN part_start < first_bucket + INTERVAL 3 HOURS THEN part_start
        ELSE greatest(session_start, date_trunc('hour', part_start))
    END AS block_start,
    part_start,
    lines
FROM parted;
