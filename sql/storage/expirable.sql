SELECT
    count(*) FILTER (WHERE kept.log_id IS NULL) AS lines,
    count(*) FILTER (WHERE kept.log_id IS NOT NULL) AS kept_lines,
    min(coalesce(logs.timestamp, logs.observed_timestamp)) AS oldest,
    (SELECT count(*) FROM fame.logs) AS of_lines
FROM fame.logs AS logs
LEFT JOIN kept_lines AS kept ON logs.log_id = kept.log_id
WHERE coalesce(logs.timestamp, logs.observed_timestamp) < $before;
