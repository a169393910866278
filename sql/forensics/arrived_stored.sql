-- Lines after another, with the verdicts that are stored.
SELECT
    log_id,
    coalesce(timestamp, observed_timestamp) AS timestamp,
    service_name,
    host_name,
    severity_text,
    score,
    is_anomaly,
    domain,
    body
FROM fame.scored_logs
WHERE log_id > $after
ORDER BY log_id
LIMIT $at_most;
