-- Lines of the same service around an incident that are not anomalous: the last ones before its
-- beginning, and the first ones after.
WITH
around AS (
    SELECT
        logs.log_id,
        logs.timestamp,
        logs.observed_timestamp,
        logs.host_name,
        logs.severity_text,
        logs.body,
        coalesce(logs.timestamp, logs.observed_timestamp) AS log_time
    FROM fame.all_scored_logs AS logs
    WHERE
        coalesce(logs.service_name, '') = $service_name
        AND NOT coalesce(logs.is_anomaly, FALSE)
        AND coalesce(logs.timestamp, logs.observed_timestamp)
        BETWEEN $first_seen - INTERVAL 10 MINUTE AND $last_seen + INTERVAL 10 MINUTE
)

SELECT * EXCLUDE (log_time)
FROM around
QUALIFY
    row_number() OVER (
        ORDER BY
            greatest(
                epoch($first_seen::TIMESTAMP) - epoch(log_time),
                epoch(log_time) - epoch($last_seen::TIMESTAMP),
                0
            ),
            log_time,
            log_id
    ) <= $at_most
ORDER BY coalesce(timestamp, observed_timestamp), log_id;
