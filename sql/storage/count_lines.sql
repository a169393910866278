INSERT INTO fame.past_lines
SELECT
    day,
    service_name,
    event_id,
    count(*) AS lines,
    min(coalesce(timestamp, observed_timestamp)) AS first_time,
    max(coalesce(timestamp, observed_timestamp)) AS last_time,
    max(log_id) AS last_log_id
FROM partition_lines
GROUP BY day, service_name, event_id
ORDER BY day, event_id, service_name;
