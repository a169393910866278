-- The lines of an incident that are shown, one of each event first, in the order of time.
WITH
numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY event_id ORDER BY timestamp, log_id) AS nth_of_event
    FROM fame.incident_lines($incident_id)
)

SELECT
    log_id,
    timestamp,
    observed_timestamp,
    host_name,
    severity_text,
    body
FROM numbered
QUALIFY row_number() OVER (ORDER BY nth_of_event, timestamp, log_id) <= $at_most
ORDER BY coalesce(timestamp, observed_timestamp), log_id;
