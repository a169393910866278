INSERT INTO fame.past_lines BY NAME
SELECT
    coalesce(logs.timestamp, logs.observed_timestamp)::DATE AS day,
    logs.service_name,
    logs.event_id,
    count(*) AS lines,
    min(coalesce(logs.timestamp, logs.observed_timestamp)) AS first_time,
    max(coalesce(logs.timestamp, logs.observed_timestamp)) AS last_time,
    max(logs.log_id) AS last_log_id$past_bins
FROM fame.logs AS logs
ANTI JOIN kept_lines AS kept ON logs.log_id = kept.log_id$event_heads
WHERE coalesce(logs.timestamp, logs.observed_timestamp) < $before
GROUP BY ALL
ORDER BY day, logs.event_id, logs.service_name;
