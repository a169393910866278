INSERT INTO fame.past_lines BY NAME
SELECT
    logs.day AS day,
    logs.service_name,
    logs.event_id,
    count(*) AS lines,
    min(coalesce(logs.timestamp, logs.observed_timestamp)) AS first_time,
    max(coalesce(logs.timestamp, logs.observed_timestamp)) AS last_time,
    max(logs.log_id) AS last_log_id$past_bins
FROM partition_lines AS logs$event_heads
GROUP BY ALL
ORDER BY day, logs.event_id, logs.service_name;
