-- What a period holds.
SELECT
    count(*) AS lines,
    count(*) FILTER (WHERE is_anomaly) AS anomalous_lines,
    count(DISTINCT event_id) FILTER (WHERE is_anomaly) AS lines_to_read,
    count(DISTINCT service_name) AS services,
    count(DISTINCT host_name) AS hosts,
    count(*) FILTER (WHERE score IS NULL) AS unscored_lines,
    count(*) FILTER (WHERE parse_error IS NOT NULL) AS unparsed_lines,
    count(*) FILTER (WHERE timestamp IS NULL) AS untimed_lines,
    count(*) FILTER (WHERE NOT known_template AND answer IS NULL) AS unseen_lines,
    count(*) FILTER (WHERE NOT known_template AND answer IS NULL AND is_anomaly)
        AS unseen_anomalous_lines
FROM fame.all_scored_logs
WHERE coalesce(timestamp, observed_timestamp) >= $start::TIMESTAMP
    AND coalesce(timestamp, observed_timestamp) < $stop::TIMESTAMP;
