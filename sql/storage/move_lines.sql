CREATE OR REPLACE TEMP TABLE partition_lines AS
SELECT
    logs.*,
    coalesce(logs.timestamp, logs.observed_timestamp)::DATE AS day
FROM fame.logs AS logs
ANTI JOIN kept_lines AS kept ON logs.log_id = kept.log_id
WHERE
    coalesce(logs.timestamp, logs.observed_timestamp) >= $day
    AND coalesce(logs.timestamp, logs.observed_timestamp) < $day::DATE + 1;
