-- Days of fame.logs that can be moved to partitions, and their numbers of lines.
SELECT
    coalesce(logs.timestamp, logs.observed_timestamp)::DATE AS day,
    count(*) AS lines
FROM fame.logs AS logs
ANTI JOIN kept_lines AS kept ON logs.log_id = kept.log_id
WHERE coalesce(logs.timestamp, logs.observed_timestamp) < $before
GROUP BY day
ORDER BY day;
