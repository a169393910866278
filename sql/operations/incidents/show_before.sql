-- The nearest lines of the service before an incident, within an hour.
WITH nearest AS (
    SELECT
        logs.log_id,
        logs.timestamp,
        logs.host_name,
        logs.severity_text,
        logs.score,
        logs.body,
        coalesce(logs.timestamp, logs.observed_timestamp) AS log_time
    FROM fame.all_scored_logs AS logs
    INNER JOIN fame.stored_incidents AS incident
        ON coalesce(logs.service_name, '') = incident.service_name
        AND coalesce(logs.timestamp, logs.observed_timestamp) < incident.first_seen
        AND coalesce(logs.timestamp, logs.observed_timestamp) >= incident.first_seen - INTERVAL 1 HOUR
    WHERE incident.incident_id = $incident_id
    ORDER BY log_time DESC, logs.log_id DESC
    LIMIT $neighbours
)
SELECT * EXCLUDE (log_time) FROM nearest ORDER BY log_time, log_id;
