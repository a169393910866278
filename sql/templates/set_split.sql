-- The split after a fraction of all lines in order of time; simultaneous lines by log_id.
WITH
ordered AS (
    SELECT
        coalesce(timestamp, observed_timestamp) AS log_time,
        log_id
    FROM fame.logs
),
size AS (
    SELECT
        count(*) AS lines,
        greatest(1, floor(count(*) * $fraction)::BIGINT) AS until_rank,
        greatest(1, floor(count(*) * $fraction * (1 - $calibration))::BIGINT) AS calibrate_rank
    FROM ordered
),
ranked AS (
    SELECT
        log_time,
        log_id,
        row_number() OVER (ORDER BY log_time, log_id) AS rank
    FROM ordered
)
INSERT INTO fame.splits
SELECT
    $fraction,
    any_value(log_time) FILTER (WHERE rank = until_rank),
    any_value(log_id) FILTER (WHERE rank = until_rank),
    any_value(log_time) FILTER (WHERE rank = calibrate_rank),
    any_value(log_id) FILTER (WHERE rank = calibrate_rank),
    any_value(until_rank),
    $made_at
FROM ranked, size
WHERE rank = until_rank OR rank = calibrate_rank
HAVING count(*) > 0;
