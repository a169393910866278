-- Incidents that touch a range of time, with the first of their anomalous lines and where it was read.
WITH
wanted AS (
    SELECT *
    FROM fame.incidents
    WHERE ($since::TIMESTAMP IS NULL OR last_seen >= $since::TIMESTAMP)
        AND ($until::TIMESTAMP IS NULL OR first_seen < $until::TIMESTAMP)
),
first_lines AS (
    SELECT
        wanted.incident_id,
        arg_min(logs.log_id, (coalesce(logs.timestamp, logs.observed_timestamp), logs.log_id)) AS log_id
    FROM wanted
    INNER JOIN fame.incident_events AS cells ON wanted.incident_id = cells.incident_id
    INNER JOIN fame.all_logs AS logs
        ON cells.event_id = logs.event_id
        AND wanted.service_name = coalesce(logs.service_name, '')
        AND coalesce(logs.timestamp, logs.observed_timestamp) BETWEEN wanted.first_seen AND wanted.last_seen
    GROUP BY wanted.incident_id
)
SELECT
    wanted.*,
    logs.log_id,
    logs.host_name,
    logs.body,
    logs.source_path,
    logs.line_number,
    logs.byte_offset
FROM wanted
LEFT JOIN first_lines ON wanted.incident_id = first_lines.incident_id
LEFT JOIN fame.all_logs AS logs ON first_lines.log_id = logs.log_id
ORDER BY wanted.first_seen, wanted.incident_id;
